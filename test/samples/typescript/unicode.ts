// wants: ok; stdin "žluťoučký kůň 🐎\n"; stdout is "Grüße, 世界 🌍\nžluťoučký kůň 🐎\n15\n"
import { readFileSync } from "node:fs";

console.log("Grüße, 世界 🌍");
const line: string = readFileSync(0, "utf8").trimEnd();
console.log(line);
console.log([...line].length);
