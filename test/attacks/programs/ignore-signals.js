// wants: timeout; timeoutMs=700; within 1100 ms; stdout is "start\n"
// Handlers for every signal, each of which starts work instead of ending it.
const { constants } = require("node:os");

console.log("start");
for (const name of Object.keys(constants.signals)) {
  try {
    process.on(name, () => setInterval(() => {}, 1));
  } catch {}
}
setInterval(() => {}, 1000);
