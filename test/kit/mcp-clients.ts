// The official clients of both generations, each of which can reach the tools over HTTP or through the
// bridge, and what tests do with any of them.

import {
  Client as NewClient,
  StreamableHTTPClientTransport as NewHttp,
} from "@modelcontextprotocol/client";
import { StdioClientTransport as NewStdio } from "@modelcontextprotocol/client/stdio";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as OldStdio } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as OldHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

export type Block = {
  type: string;
  text?: string;
  data?: string;
  mimeType?: string;
  resource?: { uri: string; mimeType?: string; text?: string; blob?: string };
};
export type Result = {
  isError?: boolean;
  content: Block[];
  structuredContent?: Record<string, unknown>;
  _meta?: Record<string, unknown>;
};
export type Options = {
  signal?: AbortSignal;
  onprogress?: (progress: { progress: number; message?: string | undefined }) => void;
};

/** A client that is connected, whichever it is. */
export type Models = {
  call: (name: string, given?: object, options?: Options) => Promise<Result>;
  list: () => Promise<{ name: string; inputSchema: object; outputSchema?: object | undefined }[]>;
  version: () => string | undefined;
  close: () => Promise<void>;
};

export type Way = { url: string; apiKey?: string; bridge?: { command: string; args: string[] } };

const ABOUT = { name: "tests", version: "1.0.0" };

/** A client of `@modelcontextprotocol/sdk`, which speaks the protocols up to 2025-11-25. */
export async function oldClient(way: Way): Promise<Models> {
  const client = new OldClient(ABOUT);
  const transport =
    way.bridge === undefined
      ? new OldHttp(new URL(`${way.url}/mcp`), { requestInit: { headers: headersFor(way) } })
      : new OldStdio({ ...way.bridge, env: envFor(way), stderr: "ignore" });
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  return {
    call: async (name, given = {}, options = {}) =>
      (await client.callTool(
        { name, arguments: given as Record<string, unknown> },
        undefined,
        options,
      )) as Result,
    list: async () => (await client.listTools()).tools,
    version: () => (transport as { protocolVersion?: string }).protocolVersion,
    close: async () => await client.close(),
  };
}

/** A client of `@modelcontextprotocol/client`; as it negotiates, or pinned to a version. */
export async function newClient(way: Way, pin?: string): Promise<Models> {
  const mode = pin === undefined ? "auto" : { pin };
  const client = new NewClient(ABOUT, { versionNegotiation: { mode } });
  const transport =
    way.bridge === undefined
      ? new NewHttp(new URL(`${way.url}/mcp`), { requestInit: { headers: headersFor(way) } })
      : new NewStdio({ ...way.bridge, env: envFor(way), stderr: "ignore" });
  await client.connect(transport);
  return {
    call: async (name, given = {}, options = {}) =>
      (await client.callTool(
        { name, arguments: given as Record<string, unknown> },
        options,
      )) as Result,
    list: async () => (await client.listTools()).tools,
    version: () => client.getNegotiatedProtocolVersion(),
    close: async () => await client.close(),
  };
}

function headersFor({ apiKey }: Way): Record<string, string> {
  return apiKey === undefined ? {} : { Authorization: `Bearer ${apiKey}` };
}

function envFor({ url, apiKey }: Way): Record<string, string> {
  const key = apiKey === undefined ? {} : { CODERUNNER_API_KEY: apiKey };
  return { PATH: process.env.PATH ?? "", CODERUNNER_URL: url, ...key };
}
