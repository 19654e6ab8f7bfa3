// wants: ok|error|signal; within 2500 ms; stdout starts with "start"
// Opens every descriptor anew by its path and writes frames into whatever opens.
const fs = require("node:fs");

console.log("start");
const frame = Buffer.alloc(72, 0);
frame.writeUInt32LE(56, 0);
frame.writeUInt32LE(105, 4);
for (const pid of ["self", "1", String(process.ppid)]) {
  for (let fd = 0; fd < 64; fd++) {
    try {
      const file = fs.openSync(`/proc/${pid}/fd/${fd}`, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK);
      fs.writeSync(file, frame);
    } catch {}
  }
}
console.log("done");
