// Tells the compiler what a file is that is imported as its text.

declare module "*?raw" {
  const text: string;
  export = text;
}
