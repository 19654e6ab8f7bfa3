// wants: ok; stdout is "done\n"
// Node's own way to leave something running.
const { spawn } = require("node:child_process");

for (let i = 0; i < 3; i++) {
  const script = "setInterval(() => require('fs').writeFileSync('/tmp/later', 'x'), 10)";
  spawn(process.execPath, ["-e", script], { detached: true, stdio: "ignore" }).unref();
}
console.log("done");
