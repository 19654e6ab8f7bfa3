// wants: timeout|memory|error; timeoutMs=2000; within 2400 ms; stdout starts with "start"
// Every Node process starts itself again twice, each with a heap of its own.
const { spawn } = require("node:child_process");

console.log("start");
const again = () => {
  for (let i = 0; i < 2; i++) {
    spawn(process.execPath, [__filename], { detached: true, stdio: "ignore" }).on("error", () => {});
  }
};
again();
setInterval(again, 100);
