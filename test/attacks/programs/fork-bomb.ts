// wants: timeout|memory|error; timeoutMs=2000; within 2400 ms; stdout starts with "start"
// Small shells that multiply, started from TypeScript without waiting for any.
import { spawn } from "node:child_process";

console.log("start");
const bomb: string = "while :; do sh -c 'sleep 9' & done";
setInterval(() => {
  for (let i: number = 0; i < 8; i++) {
    spawn("/bin/sh", ["-c", bomb], { detached: true, stdio: "ignore" }).on("error", () => undefined);
  }
}, 20);
