// wants: timeout|memory; timeoutMs=600; within 900 ms; stdout is "start\n"
// Work that is always due before anything else, so that the loop never turns.
console.log("start");
const again = () => Promise.resolve().then(again);
again();
