// wants: timeout; timeoutMs=600; within 1000 ms; stdout is "start\nhandler\n"
// The same in Node, reached by way of an error nobody catches.
process.on("exit", () => {
  console.log("handler");
  for (;;) {}
});
console.log("start");
process.exit(0);
