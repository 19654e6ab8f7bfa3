// wants: ok; stdout is "Hello, world!\n"
console.log("Hello, world!");
