// wants: ok; stdout is "HOME\nLANG\nLOGNAME\nPATH\nPWD\nSHELL\nUSER\n"
// The names of everything in its environment: nothing of the runner's or the host's.
console.log(Object.keys(process.env).sort().join("\n"));
