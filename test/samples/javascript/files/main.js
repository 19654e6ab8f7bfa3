// wants: ok; stdout is "Hello, Ada!\nHello, Grace!\n"
const { readFileSync } = require("node:fs");
const { greet } = require("./greet.js");

const names = readFileSync("data/names.txt", "utf8").trim().split("\n");
for (const name of names) console.log(greet(name));
