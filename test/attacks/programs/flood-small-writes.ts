// wants: ok; within 2900 ms; stdoutBytes >= 20000
// One byte in each of twenty thousand writes, so that every byte costs the reader a call.
import { writeSync } from "node:fs";

for (let i: number = 0; i < 20_000; i++) writeSync(1, "b");
