// What the bridge has to know of messages: which of them wait for an answer, what has to be said of
// them in headers, and how it speaks itself where the gateway cannot.

/** A message of JSON-RPC, of which nothing else is looked at. */
export type Message = {
  id?: string | number | null;
  method?: string;
  params?: { name?: unknown; requestId?: unknown; _meta?: Record<string, unknown> };
  result?: { protocolVersion?: unknown };
  error?: unknown;
};

/** Where a request of 2026-07-28 and later says its protocol's version. */
const VERSION_KEY = "io.modelcontextprotocol/protocolVersion";
const VISIBLE = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;
/** The code JSON-RPC leaves to those who implement it. */
const OF_OUR_OWN = -32000;

/** The messages in what was sent at once. */
export function messagesIn(sent: unknown): Message[] {
  const all = Array.isArray(sent) ? sent : [sent];
  return all.filter((one): one is Message => typeof one === "object" && one !== null);
}

/** The ids that wait for an answer. */
export function idsIn(sent: unknown): (string | number)[] {
  return messagesIn(sent).flatMap(({ id, method }) =>
    method !== undefined && id !== undefined && id !== null ? [id] : [],
  );
}

/** The version a message says it is of, where its protocol has it say so. */
export function versionIn({ params }: Message): string | undefined {
  const version = params?._meta?.[VERSION_KEY];
  return typeof version === "string" ? version : undefined;
}

/** What a message has to have said of it in headers. */
export function headersOf(message: Message): Record<string, string> {
  const version = versionIn(message);
  if (version === undefined) return {};
  const { method = "", params } = message;
  const name = params?.name;
  return {
    "Mcp-Protocol-Version": version,
    "Mcp-Method": method,
    ...(typeof name === "string" && { "Mcp-Name": headerText(name) }),
  };
}

/** A failure of the bridge's, as the answer to a request. */
export function failureOf(id: string | number | null, message: string, data?: unknown): object {
  const error = { code: OF_OUR_OWN, message, ...(data !== undefined && { data }) };
  return { jsonrpc: "2.0", id, error };
}

/** Text as a header may have it; the protocol says how to write what is not ASCII. */
function headerText(text: string): string {
  if (VISIBLE.test(text) && !text.startsWith("=?base64?")) return text;
  return `=?base64?${Buffer.from(text, "utf8").toString("base64")}?=`;
}
