// wants: ok; args ["a b", "", "-x", "ü*", "--", "$HOME"]; stdout is "6\n[a b]\n[]\n[-x]\n[ü*]\n[--]\n[$HOME]\n"
const args: readonly string[] = process.argv.slice(2);
console.log(args.length);
for (const arg of args) console.log(`[${arg}]`);
