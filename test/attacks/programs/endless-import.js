// wants: error|timeout|signal|memory; timeoutMs=1500; within 1900 ms; stdout starts with "start"
// A file that loads itself anew for ever.
if (!globalThis.started) console.log("start");
globalThis.started = true;
delete require.cache[__filename];
require(__filename);
