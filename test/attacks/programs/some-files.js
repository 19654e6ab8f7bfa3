// wants: ok; within 2900 ms; stdout is "done\n"
// A thousand files in each writable place, few enough to be cleaned away.
const fs = require("node:fs");

for (const place of ["/workspace", "/tmp", "/dev/shm"]) {
  for (let i = 0; i < 1000; i++) fs.writeFileSync(`${place}/${i}`, "x");
}
console.log("done");
