// wants: memory|signal; within 3000 ms; stdout is "start\n"
// Fills the JavaScript heap with small objects that are all alive.
console.log("start");
type Link = { next: Link | undefined; payload: number[] };
let head: Link | undefined;
for (;;) head = { next: head, payload: new Array(64).fill(Math.random()) };
