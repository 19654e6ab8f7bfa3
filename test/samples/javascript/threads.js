// wants: ok; stdout is "5000050000\n"
const { isMainThread, parentPort, Worker, workerData } = require("node:worker_threads");

function addUp(slot) {
  let total = 0;
  for (let n = slot * 25_000 + 1; n <= (slot + 1) * 25_000; n++) total += n;
  return total;
}

function start(slot) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(__filename, { workerData: slot });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

if (isMainThread) {
  Promise.all([0, 1, 2, 3].map(start)).then((totals) => {
    console.log(totals.reduce((sum, total) => sum + total));
  });
} else {
  parentPort.postMessage(addUp(workerData));
}
