// Sends every example of the API's own description, as a reader of it would who knows nothing else:
// takes a key, opens sessions and begins executions by what is described, and puts their ids where a
// path has a name. Tells of everything that is not as it is described.

type Schema = { $ref?: string; type?: string };
type Content = { schema: Schema; examples?: Record<string, { summary: string; value: unknown }> };
type Operation = {
  operationId: string;
  security: Record<string, unknown>[];
  parameters: { name: string; in: string; example?: string }[];
  requestBody?: { content: Record<string, Content> };
  responses: Record<string, { content?: Record<string, Content> }>;
};
export type DescribedApi = { paths: Record<string, Record<string, Operation>> };

export type Sending = {
  send: (method: string, path: string, init: Init) => Promise<Response>;
  adminToken: string;
};
type Init = { headers: Record<string, string>; body?: string };
type Made = { apiKey: string; accountId: string };
/** `problem` is `undefined` where all was as described. */
export type Sent = { name: string; status: number; problem: string | undefined };

const STREAM = "text/event-stream";
const LOOP = "import time\nfor _ in range(200): time.sleep(0.05)";

/** Sends all examples of a description, one after another. */
export async function sendExamples(api: DescribedApi, sending: Sending): Promise<Sent[]> {
  const account = await openAccount(sending);
  const sent: Sent[] = [];
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      for (const { name, type, value } of bodiesOf(operation)) {
        const at = { name: `${method.toUpperCase()} ${path} (${name})`, method, path };
        const init = { headers: headersFor(operation, account, sending), ...bodyOf(type, value) };
        sent.push(await sendOne(at, operation, init, { account, sending }));
      }
    }
  }
  return sent;
}

/** An account that may run as often as there are examples. */
async function openAccount({ send, adminToken }: Sending): Promise<Made> {
  const opened = await send("POST", "/api/keys", json({}));
  const account = (await opened.json()) as Made;
  const headers = { Authorization: `Bearer ${adminToken}`, "Content-Type": "application/json" };
  const body = JSON.stringify({ ratePerMinute: 1000 });
  await send("PATCH", `/admin/accounts/${account.accountId}`, { headers, body });
  return account;
}

function json(body: object, headers: Record<string, string> = {}): Init {
  const type = { "Content-Type": "application/json" };
  return { headers: { ...type, ...headers }, body: JSON.stringify(body) };
}

/** Every body that an operation shows, or the one of none. */
function bodiesOf({ requestBody }: Operation) {
  const bodies = Object.entries(requestBody?.content ?? {}).flatMap(([type, { examples = {} }]) =>
    Object.entries(examples).map(([name, { value }]) => ({ name, type, value })),
  );
  return bodies.length > 0 ? bodies : [{ name: "as it is", type: "", value: undefined }];
}

function bodyOf(type: string, value: unknown): Partial<Init> {
  if (type === "") return {};
  return { body: type === "application/json" ? JSON.stringify(value) : String(value) };
}

function headersFor(operation: Operation, { apiKey }: Made, { adminToken }: Sending) {
  const isOperators = operation.security.some((scheme) => "operator" in scheme);
  const [type] = Object.keys(operation.requestBody?.content ?? {});
  return {
    ...(operation.security.length > 0 && {
      Authorization: `Bearer ${isOperators ? adminToken : apiKey}`,
    }),
    ...(type !== undefined && { "Content-Type": type }),
  };
}

type World = { account: Made; sending: Sending };

async function sendOne(
  { name, method, path }: { name: string; method: string; path: string },
  operation: Operation,
  init: Init,
  world: World,
): Promise<Sent> {
  const filled = await fill(path, operation, world);
  const response = await world.sending.send(method.toUpperCase(), filled.path, init);
  const text = await response.text();
  await filled.leave();
  const { status, headers } = response;
  return { name, status, problem: problemOf(operation, { status, headers, text }) };
}

function problemOf(
  { responses }: Operation,
  { status, headers, text }: { status: number; headers: Headers; text: string },
): string | undefined {
  if (status >= 400) return `answered ${status}: ${text}`;
  const response = responses[status];
  if (response === undefined) return `the status ${status} is not described`;
  const type = headers.get("Content-Type")?.split(";")[0] ?? "";
  const content = response.content?.[type];
  if (content === undefined) {
    return text === "" && response.content === undefined ? undefined : `${type} is not described`;
  }
  if (type === STREAM) {
    return /\nevent: end\ndata: .+\n\n$/s.test(text) ? undefined : `a stream without end: ${text}`;
  }
  if (type !== "application/json") return undefined;
  const [shown] = Object.values(content.examples ?? {});
  return shown === undefined ? undefined : difference(JSON.parse(text), shown.value, "the reply");
}

/** The first field that `shown` has and `real` has not, or has as another type. */
function difference(real: unknown, shown: unknown, at: string): string | undefined {
  if (shown === null || real === null) return undefined;
  if (typeof real !== typeof shown) return `${at} is ${typeof real} instead of ${typeof shown}`;
  if (typeof shown !== "object") return undefined;
  for (const [name, value] of Object.entries(shown)) {
    if (!(name in (real as object))) return `${at} has no ${name}`;
    const found = difference((real as Record<string, unknown>)[name], value, `${at}.${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The path with what its names stand for, made for this request alone. */
async function fill(path: string, operation: Operation, world: World) {
  const { account } = world;
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  const shown = operation.parameters.map(({ name, example = "" }) => [name, example] as const);
  const values: Record<string, string> = Object.fromEntries(shown);
  values.accountId = account.accountId;
  let leave = async () => {};
  if (names.includes("keyId")) values.keyId = await addKey(world);
  if (names.includes("sessionId")) values.sessionId = await openSession(world);
  if (names.includes("path")) {
    values.path = operation.parameters.find(({ name }) => name === "path")?.example ?? "";
    const at = `/api/sessions/${values.sessionId}/files/${values.path}`;
    const { headers } = keyed(world);
    await world.sending.send("PUT", at, { headers, body: "1,2,3\n" });
  }
  if (names.includes("executionId")) {
    const isAsked = !/interrupt|cancel|stdin/.test(path);
    const begun = isAsked ? await runOne(world) : await beginOne(world);
    values.executionId = begun.id;
    leave = begun.leave;
  }
  if (/\/sessions\/\{sessionId\}\/interrupt$/.test(path)) {
    const begun = await beginOne(world, `/api/sessions/${values.sessionId}/execute`);
    leave = begun.leave;
  }
  const query = operation.parameters
    .filter(({ in: place, example }) => place === "query" && example !== undefined)
    .map(({ name, example = "" }) => `${name}=${encodeURIComponent(example)}`);
  const filled = path.replace(/\{(\w+)\}/g, (all, name: string) => values[name] ?? all);
  return { path: query.length === 0 ? filled : `${filled}?${query.join("&")}`, leave };
}

function keyed({ account }: World): { headers: Record<string, string> } {
  return { headers: { Authorization: `Bearer ${account.apiKey}` } };
}

async function addKey(world: World): Promise<string> {
  const response = await world.sending.send("POST", "/api/keys", json({}, keyed(world).headers));
  return ((await response.json()) as { id: string }).id;
}

async function openSession(world: World): Promise<string> {
  const init = json({ language: "python" }, keyed(world).headers);
  const response = await world.sending.send("POST", "/api/sessions", init);
  return ((await response.json()) as { sessionId: string }).sessionId;
}

async function runOne(world: World) {
  const init = json({ language: "python", code: "print(1)" }, keyed(world).headers);
  const response = await world.sending.send("POST", "/api/execute", init);
  const { id } = (await response.json()) as { id: string };
  return { id, leave: async () => {} };
}

/** Begins one that goes on until it is told to end or left. */
async function beginOne(world: World, path = "/api/execute") {
  const body = { language: "python", code: LOOP, stream: true, openStdin: true };
  const response = await world.sending.send("POST", path, json(body, keyed(world).headers));
  const reader = response.body?.getReader();
  const { value } = (await reader?.read()) ?? {};
  const id = /"id":"([^"]+)"/.exec(new TextDecoder().decode(value))?.[1] ?? "none";
  return { id, leave: async () => await reader?.cancel() };
}
