// wants: memory|error|timeout|signal; timeoutMs=2500; within 2900 ms; stdout starts with "start"
// Workers that start workers, each with a JavaScript heap and threads of its own.
const { Worker } = require("node:worker_threads");

if (require("node:worker_threads").isMainThread) console.log("start");
for (let i = 0; i < 4; i++) new Worker(__filename).on("error", () => {});
setInterval(() => {}, 1000);
