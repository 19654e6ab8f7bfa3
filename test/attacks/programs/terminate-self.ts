// wants: signal; signal SIGTERM; within 1500 ms; stdout is "start\n"
// Sends itself the signal that ends it.
console.log("start");
process.kill(process.pid, "SIGTERM");
setInterval((): void => undefined, 1000);
