// wants: error; exit 1; within 2900 ms; stdout is "start\n"; stderr has "RangeError"
// Recursion until the stack is used up.
console.log("start");
const down = (n) => down(n + 1) + 1;
down(0);
