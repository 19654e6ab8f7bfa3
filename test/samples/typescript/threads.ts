// wants: ok; stdout is "5000050000\n"
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

function addUp(slot: number): number {
  let total = 0;
  for (let n = slot * 25_000 + 1; n <= (slot + 1) * 25_000; n++) total += n;
  return total;
}

function start(slot: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: slot });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

if (isMainThread) {
  const totals = await Promise.all([0, 1, 2, 3].map(start));
  console.log(totals.reduce((sum, total) => sum + total));
} else {
  parentPort?.postMessage(addUp(workerData as number));
}
