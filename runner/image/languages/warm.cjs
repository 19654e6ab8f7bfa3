// Run once while warming up, so that loading and running CommonJS is nothing new to the interpreter.
"use strict";
const squares = Array.from({ length: 10 }, (_, i) => i * i);
const fib = (n) => (n <= 1 ? n : fib(n - 1) + fib(n - 2));
console.log(JSON.stringify({ squares, fib: fib(10) }), `${new Map([["a", 1]]).size}`, squares);
module.exports = squares;
