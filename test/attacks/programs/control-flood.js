// wants: timeout|ok|error; timeoutMs=1000; within 1400 ms; stdout starts with "start"
// Never stops writing to the control socket, to keep the supervisor from everything else.
const fs = require("node:fs");

console.log("start");
const junk = Buffer.alloc(65536, "R");
for (;;) {
  try {
    fs.writeSync(15, junk);
  } catch {}
}
