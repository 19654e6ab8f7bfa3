// wants: signal; signal SIGABRT; within 1500 ms; stdout is "start\n"
// Ends Node from inside with a signal of its own.
console.log("start");
process.abort();
