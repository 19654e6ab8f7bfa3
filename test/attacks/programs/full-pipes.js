// wants: timeout; timeoutMs=800; within 1200 ms; stdout is "start\n"
// Fills a pipe whose reader never reads, and waits for it.
const { spawn } = require("node:child_process");

console.log("start");
const reader = spawn("/bin/sleep", ["9"], { stdio: ["pipe", "ignore", "ignore"] });
reader.stdin.write(Buffer.alloc(8 << 20));
