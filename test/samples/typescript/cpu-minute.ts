// wants: timeout; timeoutMs=1500; stdout is "started\n"
const end: number = Date.now() + 60_000;
let count = 0;
console.log("started");
while (Date.now() < end) count++;
console.log("never", count);
