// The bridge as a program of its own: `CODERUNNER_URL` says where the gateway is, `CODERUNNER_API_KEY`
// who asks. Only the protocol goes to standard output; everything else to standard error.

import { bridge } from "./bridge.ts";

const LOCAL = "http://127.0.0.1:8787";

const leaving = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(name, () => leaving.abort());
}
const url = process.env.CODERUNNER_URL || LOCAL;
if (!URL.canParse(url)) {
  process.stderr.write(`coderunner: CODERUNNER_URL is not an address: ${url}\n`);
  process.exit(2);
}
await bridge({
  url,
  apiKey: process.env.CODERUNNER_API_KEY,
  input: process.stdin,
  output: process.stdout,
  log: (sentence) => process.stderr.write(`coderunner: ${sentence}\n`),
  signal: leaving.signal,
});
process.exit(0);
