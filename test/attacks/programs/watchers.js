// wants: ok|error|timeout; timeoutMs=1500; within 1900 ms; stdout starts with "start"
// Watches everything, and makes events faster than anybody reads them.
const fs = require("node:fs");

console.log("start");
try {
  for (let i = 0; i < 200; i++) fs.watch("/tmp", () => {});
} catch {}
for (let i = 0; i < 3000; i++) fs.writeFileSync("/tmp/event", String(i));
process.exit(0);
