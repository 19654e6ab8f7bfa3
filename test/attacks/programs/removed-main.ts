// wants: ok; stdout is "done\n"
// Removes itself and its directory's permissions while it runs.
import { chmodSync, readdirSync, rmSync } from "node:fs";

for (const name of readdirSync("/workspace")) rmSync(`/workspace/${name}`, { recursive: true });
chmodSync("/workspace", 0o000);
console.log("done");
