// Somebody who speaks the protocol of the tools by hand, a message at a time.

import { expect } from "vitest";
import { StageReport } from "../../../shared/runner-api.ts";
import { TOOLS } from "../../../worker/mcp/tools.ts";
import type { client } from "./client.ts";
import { type Gateway, REPORT } from "./gateway.ts";

export type Answer = {
  id?: number | string;
  result?: {
    isError?: boolean;
    content: {
      type: string;
      text?: string;
      data?: string;
      mimeType?: string;
      resource?: { uri: string; mimeType: string; text?: string; blob?: string };
    }[];
    structuredContent?: Record<string, unknown>;
    _meta?: Record<string, { code: string; status: number; message: string; field?: string }>;
    [more: string]: unknown;
  };
  error?: { code: number; message: string };
};

/** A runner's answer to a streamed execution: its start, what it says, its end. */
export function streamed(report: object = {}, said: object[] = []): Response {
  const end = { type: "end", report: { ...REPORT, ...report } };
  const events = [{ type: "start", version: "3.13.5" }, ...said, end];
  return new Response(events.map((event) => `${JSON.stringify(event)}\n`).join(""));
}

/** A whole stage, with what is said of it. */
export function stage(more: Partial<StageReport>): StageReport {
  return StageReport.parse({ ...REPORT.run, ...more });
}

/** Posts one message, and reads the one that comes back. */
export async function post(
  g: Gateway,
  message: object,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await g.post("/mcp", { jsonrpc: "2.0", id: 1, ...message }, headers);
  expect(response.status).toBe(200);
  return await response.json<Answer>();
}

/** Calls a tool with the key of `who`, and holds what comes to what the tool is listed with. */
export async function callTool(
  { g, apiKey }: Pick<Awaited<ReturnType<typeof client>>, "g" | "apiKey">,
  name: string,
  given: object = {},
  more: { id?: number | string; headers?: Record<string, string> } = {},
) {
  const { id = 1, headers = {} } = more;
  const message = { id, method: "tools/call", params: { name, arguments: given } };
  const { result, error } = await post(g, message, {
    Authorization: `Bearer ${apiKey}`,
    ...headers,
  });
  if (result === undefined) throw new Error(`${name}: ${error?.message}`);
  if (result.isError) return result;
  const tool = TOOLS.find((known) => known.name === name);
  const parsed = tool?.output.safeParse(result.structuredContent);
  expect(parsed?.error?.message ?? "", `${name}: not as its \`output\` says`).toBe("");
  return result;
}

export function errorIn(result: Answer["result"]) {
  expect(result?.isError).toBe(true);
  return result?._meta?.["agent-coderunner/error"];
}
