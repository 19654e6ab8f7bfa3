// wants: ok|error|timeout|signal; timeoutMs=800; within 1200 ms; stdout starts with "start"
// Replaces what runs at the end: the emitter, the writers, the exit itself.
const fs = require("node:fs");

console.log("start");
fs.writeSync = fs.readSync = () => 0;
Buffer.from = () => Buffer.alloc(0);
process.emit = () => true;
process.reallyExit = () => {};
process.exitCode = 77;
Reflect.apply = () => false;
process.exit(5);
