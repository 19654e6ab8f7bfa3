// wants: error; exit 7; stdout is "before\n"; stderr is ""
console.log("before");
process.exit(7);
console.log("after");
