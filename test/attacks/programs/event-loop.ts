// wants: timeout; timeoutMs=600; within 1000 ms; stdout is "start\n"
// Keeps the event loop full of work that makes more work.
console.log("start");
const more = (): void => {
  for (let i: number = 0; i < 2; i++) Promise.resolve().then(() => setImmediate(more));
};
more();
