// wants: error; exit 13; within 1500 ms; stdout is "start\n"
// Waits for a promise that nobody keeps: Node ends by itself and says so.
console.log("start");
await new Promise<void>(() => undefined);
export {};
