// What pays for executions is a `fetch` of your own: it sees every request before it is sent and every
// answer before it is read, and a request may be sent again as it is. Here it only counts what it costs.

import { CodeRunner } from "agent-coderunner";

let spent = 0;

async function payingFetch(url, init) {
  const response = await fetch(url, init);
  if (response.status === 402) {
    // Pay, then: return await fetch(url, { ...init, headers: { ...init.headers, ...proof } });
  }
  if (response.ok && url.endsWith("/v1/execute")) {
    spent += (await response.clone().json()).credits.charged;
  }
  return response;
}

const runner = new CodeRunner({ fetch: payingFetch });
await runner.execute({ language: "bash", code: "echo 1" });
await runner.execute({ language: "bash", code: "echo 2" });
console.log("spent:", spent);
