// wants: output_limit; within 2900 ms; stdoutBytes >= 10000000; stderrBytes >= 10000000
// Both streams in turn, synchronously, so that neither ever waits for the other.
const fs = require("node:fs");

const block = Buffer.alloc(65536, "z");
for (;;) {
  for (const fd of [1, 2]) {
    try {
      fs.writeSync(fd, block);
    } catch {}
  }
}
