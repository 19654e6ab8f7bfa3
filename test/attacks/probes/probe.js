// Prints "clean" when nothing of any earlier execution can be seen, and otherwise what can be seen.
const fs = require("node:fs");

const found = [];
for (const place of ["/workspace", "/tmp", "/dev/shm"]) {
  const paths = fs.readdirSync(place).map((name) => `${place}/${name}`);
  found.push(...paths.filter((path) => path !== "/workspace/main.js"));
}
const ours = ["1", String(process.pid)];
const pids = fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name));
found.push(...pids.filter((pid) => !ours.includes(pid)).map((pid) => `process ${pid}`));
const wanted = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "PWD"];
found.push(...Object.keys(process.env).filter((name) => !wanted.includes(name)));
const sockets = fs.readFileSync("/proc/net/unix", "utf8").trim().split("\n");
found.push(...sockets.filter((line) => / @/.test(line)));
const info = fs.readFileSync("/proc/meminfo", "utf8");
const kib = (name) => Number(new RegExp(`^${name}:\\s*(\\d+)`, "m").exec(info)[1]);
if (kib("AnonPages") + kib("Shmem") > 96 * 1024) found.push(`${kib("AnonPages")} KiB held`);
console.log(found.join("\n") || "clean");
