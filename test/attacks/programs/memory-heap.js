// wants: memory; within 2500 ms; stdout is "start\n"
// Buffers lie outside the JavaScript heap, where no flag of V8 limits them.
console.log("start");
const held = [];
for (;;) held.push(Buffer.alloc(4 << 20, 1));
