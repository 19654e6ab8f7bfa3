// The other half of a program in two files.
export function greet(name: string): string {
  return `Hello, ${name}!`;
}
