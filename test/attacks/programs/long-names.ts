// wants: ok; stdout is "done\n"
// The longest names, in the longest paths, of the oddest bytes.
import { mkdirSync, writeFileSync } from "node:fs";

const odd: Buffer[] = [
  Buffer.from("/workspace/\n\t\x1b[31m"),
  Buffer.from("/workspace/-rf"),
  Buffer.concat([Buffer.from("/workspace/"), Buffer.from([0xff, 0xfe, 0xc0])]),
  Buffer.from(`/tmp/${"n".repeat(255)}`),
];
for (const name of odd) writeFileSync(name, "x");
let path: string = "/workspace";
for (let i: number = 0; i < 15; i++) {
  path += `/${"p".repeat(250)}`;
  mkdirSync(path);
}
console.log("done");
