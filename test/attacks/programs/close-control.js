// wants: error; exit 5; stdout is "done\n"; stderr is ""
// Closes a descriptor that it has never opened, and ends with a code of its own.
const fs = require("node:fs");

fs.closeSync(15);
console.log("done");
process.exitCode = 5;
