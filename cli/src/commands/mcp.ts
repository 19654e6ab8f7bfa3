// `mcp` serves the service's tools over standard input and output, for agents that start their tools as
// processes. What it does there is the bridge's; here it only learns where the service is, and when to end.

import type { Command } from "../command.ts";

export const mcp: Command = {
  name: "mcp",
  summary: "Serve the tools to an agent, over standard input and output.",
  flags: {},
  examples: [
    { does: "as the command of a tool server in an agent's settings", line: "coderunner mcp" },
  ],
  run: async ({ access: { url, key }, interrupts, output }) => {
    const { bridge } = await import("../../../mcp/bridge.ts");
    const leaving = new AbortController();
    // What still runs is cancelled before the command ends.
    const release = interrupts.take(() => leaving.abort());
    await bridge({
      url,
      apiKey: key,
      input: process.stdin,
      output: process.stdout,
      log: (sentence) => output.failure(sentence),
      signal: leaving.signal,
    });
    release();
    return interrupts.interrupted()?.exitCode ?? 0;
  },
};
