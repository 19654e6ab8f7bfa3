// wants: timeout; timeoutMs=600; within 1000 ms; stdout is "start\n"
// The same in V8.
console.log("start");
/^(a+)+$/.test(`${"a".repeat(40)}b`);
