// wants: ok; stdout lacks "root"; stdout has "done"
// Reaches for the parts of Node that are not for programs: bindings, the inspector, the debugger.
try {
  process.binding("spawn_sync");
  process.dlopen({ exports: {} }, "/opt/coderunner/supervisor");
} catch {}
try {
  require("node:inspector").open(0, "0.0.0.0");
  process.kill(1, "SIGUSR1");
} catch {}
try {
  process.setuid(0);
  console.log("root");
} catch {}
console.log("done");
process.exit(0);
