// Run once while warming up, so that TypeScript's types, enums and parameter properties have been
// transformed before. Node decides by the syntax that this is CommonJS.
enum Colour {
  Red,
  Green,
}
interface Named {
  name: string;
}
class Box<T> {
  constructor(public value: T) {}
}
const named: Named = { name: Colour[Colour.Green] ?? "" };
console.log(JSON.stringify([named, new Box<number>(1)]), [1, 2, 3]);
