// wants: ok; stdout is "Hello, Ada!\nHello, Grace!\n"
import { readFileSync } from "node:fs";
import { greet } from "./greet.ts";

const names = readFileSync("data/names.txt", "utf8").trim().split("\n");
for (const name of names) console.log(greet(name));
