// wants: ok; stdout is "Hello, world!\n"
const greeting: string = "Hello, world!";
console.log(greeting);
