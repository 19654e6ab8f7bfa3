// The last thing a start prints: where it is, a key that works, and a command to paste.

import * as z from "zod";
import type { Paths } from "./paths.ts";
import { keepKey, lastKey, type Secrets } from "./secrets.ts";

const KEY_MS_MAX = 10_000;

const NewKey = z.object({ apiKey: z.string(), credits: z.number() });
const Refused = z.object({ error: z.object({ message: z.string() }) });

/** The text that says a start is ready, with an instant key of its own gateway. */
export async function summary(options: {
  url: string;
  seconds: number;
  secrets: Secrets;
  paths: Paths;
}): Promise<string> {
  const { url, seconds, secrets, paths } = options;
  const { key, note } = await takeKey(url, paths.secrets);
  const authorization = key === undefined ? "" : ` -H "Authorization: Bearer ${key}"`;
  return `
agent-coderunner is ready after ${seconds.toFixed(1)} s at ${url}

  API key      ${note}
  admin token  ${secrets.adminTokenFile === undefined ? "the one in ADMIN_TOKEN" : secrets.adminToken}
  logs         ${paths.logs}

Try it:

  curl -s -X POST ${url}/api/execute -H "Content-Type: application/json"${authorization} -d '{"language":"python","code":"print(sum(range(1000)))"}'

Stop it with Ctrl-C.`;
}

async function takeKey(
  url: string,
  secretsDir: string,
): Promise<{ key: string | undefined; note: string }> {
  try {
    const reply = await fetch(`${url}/api/keys`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: "{}",
      signal: AbortSignal.timeout(KEY_MS_MAX),
    });
    const body: unknown = await reply.json();
    if (reply.ok) {
      const { apiKey, credits } = NewKey.parse(body);
      keepKey(secretsDir, apiKey);
      return { key: apiKey, note: `${apiKey} (${credits} credits)` };
    }
    const why = Refused.safeParse(body).data?.error.message ?? `HTTP ${reply.status}`;
    const key = lastKey(secretsDir);
    return { key, note: key === undefined ? `none: ${why}` : `${key} (an earlier one: ${why})` };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { key: lastKey(secretsDir), note: `none: ${why}` };
  }
}
