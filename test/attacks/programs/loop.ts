// wants: timeout; timeoutMs=500; within 900 ms; stdout is "start\n"
// An empty loop, which lets no event in.
console.log("start");
for (;;) {}
