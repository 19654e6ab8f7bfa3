// A Cloudflare Worker that runs what it is sent, and passes on what it prints while it runs.

import { CodeRunner } from "agent-coderunner";

export default {
  async fetch(request, env) {
    const runner = new CodeRunner({
      baseUrl: env.CODERUNNER_URL,
      apiKey: env.CODERUNNER_API_KEY,
    });
    const running = runner.stream({
      language: "python",
      code: await request.text(),
      signal: request.signal,
    });
    const { readable, writable } = new TransformStream();
    const writer = writable.getWriter();
    const encoder = new TextEncoder();
    (async () => {
      for await (const event of running) {
        if (event.type === "stdout") await writer.write(encoder.encode(event.text));
      }
      await writer.close();
    })().catch((error) => writer.abort(error));
    return new Response(readable);
  },
};
