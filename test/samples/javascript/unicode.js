// wants: ok; stdin "žluťoučký kůň 🐎\n"; stdout is "Grüße, 世界 🌍\nžluťoučký kůň 🐎\n15\n"
const { readFileSync } = require("node:fs");

console.log("Grüße, 世界 🌍");
const line = readFileSync(0, "utf8").trimEnd();
console.log(line);
console.log([...line].length);
