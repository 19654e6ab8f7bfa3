// Makes requests that no client should send, and some that every client does. Each is made from the
// seed and its number alone, so it can be made again; ids and keys are put in when it is sent.

import { type Random, randomFrom } from "../kit/random.ts";
import { anyText, RAW_NUMBERS, type Schemas, valueFor } from "./values.ts";

export type Api = {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Schemas };
};
type Operation = {
  security: object[];
  parameters: { name: string; in: string }[];
  requestBody?: { content: Record<string, { schema: Parameters<typeof valueFor>[0] }> };
  responses: Record<string, unknown>;
};

/** A request, but for the parts in double braces, which whoever sends it fills in. */
export type FuzzRequest = {
  number: number;
  method: string;
  target: string;
  headers: [string, string][];
  body: Buffer;
  /** Bytes of the body that are never sent, although they were announced. */
  cutBytes: number;
  isChunked: boolean;
  /** Whether it breaks the rules of HTTP itself, so that no gateway need ever see it. */
  isBroken: boolean;
  /** The statuses that are described for it; `undefined` once it may be another route's. */
  possible: ReadonlySet<number> | undefined;
};

const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];
const ODD_METHODS = [
  "TRACE",
  "PROPFIND",
  "QUERY",
  "LOCK",
  "get",
  "BREW",
  "CONNECT",
  "A".repeat(300),
];
const TYPES = [
  "text/plain",
  "application/xml",
  "application/json; charset=utf-16",
  "APPLICATION/JSON",
  "application/vnd.api+json",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "text/event-stream",
  ";;;",
  "",
];
const HEADERS: [string, string][] = [
  ["Accept", "text/event-stream"],
  ["Accept", "\x01"],
  ["Accept-Encoding", "br, gzip, nonsense;q=9"],
  ["Content-Encoding", "gzip"],
  ["Content-Digest", "sha-256=:AAAA:"],
  ["Content-Digest", `sha-256=:${"A".repeat(43)}=:`],
  ["If-None-Match", '*, W/"x"'],
  ["If-Modified-Since", "yesterday"],
  ["Range", "bytes=5-1,-0"],
  ["Origin", "null"],
  ["Access-Control-Request-Method", "POST\t"],
  ["Access-Control-Request-Headers", "authorization, x".repeat(50)],
  ["X-Request-Id", "ok-id.1"],
  ["X-Request-Id", "<script>\xff"],
  ["X-Forwarded-For", "1.2.3.4, ::1"],
  ["CF-Connecting-IP", "::ffff:1.2.3.4%eth0"],
  ["X-HTTP-Method-Override", "DELETE"],
  ["Idempotency-Key", '"x"'],
  ["Cookie", "a=b; ".repeat(100)],
  ["Expect", "100-continue"],
  ["Upgrade", "websocket"],
  ["Prefer", "respond-async"],
  ["X-Long", "z".repeat(6000)],
];
const CREDENTIALS = [
  "Bearer",
  "Bearer ",
  "bearer   {{key}}",
  "Bearer {{key}} {{key}}",
  "Bearer {{key}}x",
  "Basic dXNlcjpwYXNz",
  "{{key}}",
  "Bearer cr_live_0_0_0",
  `Bearer ${"a".repeat(5000)}`,
  "Bearer \xff\xfe",
  "Bearer {{admin}}x",
];

/** The request of this number. */
export function requestOf(api: Api, seed: number, number: number): FuzzRequest {
  const random = randomFrom(seed * 1_000_003 + number);
  const [path, methods] = random.pick(Object.entries(api.paths));
  const [method, operation] = random.pick(Object.entries(methods));
  // Some wholly as they should be, most with something wrong somewhere, some wild.
  const wild = random.pick([0, 0, 0, 3, 10, 40]);
  const plain: FuzzRequest = {
    number,
    method: method.toUpperCase(),
    target: targetOf(path, operation, random, wild),
    headers: credentialsOf(operation, random, wild),
    body: Buffer.alloc(0),
    cutBytes: 0,
    isChunked: false,
    isBroken: false,
    possible: new Set(Object.keys(operation.responses).map(Number)),
  };
  const withBody = addBody(plain, operation, api.components.schemas, random, wild);
  return wild === 0 ? withBody : spoil(withBody, random);
}

function targetOf(path: string, operation: Operation, random: Random, wild: number): string {
  const filled = path.replace(/\{(\w+)\}/g, (_all, name: string) => {
    if (random.below(100) < wild) return encodeURIComponent(anyText(random).toWellFormed()) || "x";
    return name === "path" ? random.pick(["a.txt", "data/in.csv", "d/", ""]) : `{{${name}}}`;
  });
  const query = operation.parameters
    .filter(({ in: place }) => place === "query" && random.below(2) === 0)
    .map(({ name }) => {
      const value = random.pick(["1", "100", "-1", "live", "all", anyText(random).toWellFormed()]);
      return `${name}=${encodeURIComponent(value)}`;
    });
  return query.length === 0 ? filled : `${filled}?${query.join("&")}`;
}

function credentialsOf(operation: Operation, random: Random, wild: number): [string, string][] {
  if (random.below(100) < wild) return [["Authorization", random.pick(CREDENTIALS)]];
  const [scheme = {}] = operation.security;
  if ("operator" in scheme) return [["Authorization", "Bearer {{admin}}"]];
  return "key" in scheme ? [["Authorization", "Bearer {{key}}"]] : [];
}

function addBody(
  request: FuzzRequest,
  { requestBody }: Operation,
  schemas: Schemas,
  random: Random,
  wild: number,
): FuzzRequest {
  const [entry] = Object.entries(requestBody?.content ?? {});
  if (entry === undefined) return request;
  const [type, { schema }] = entry;
  const headers: [string, string][] = [...request.headers, ["Content-Type", type]];
  if (type !== "application/json") return { ...request, headers, body: random.bytes(64) };
  const value = JSON.stringify(valueFor(schema, schemas, random, wild)) ?? "";
  const isSpoilt = wild > 0 && random.below(4) === 0;
  const body = isSpoilt ? spoiltJson(value, random) : Buffer.from(value);
  return { ...request, headers, body };
}

/** JSON that is not JSON any more, or only just. */
function spoiltJson(text: string, random: Random): Buffer {
  const make = random.pick<() => Buffer | string>([
    () => text.slice(0, random.below(text.length + 1)),
    () => `${text}${text}`,
    () => `\ufeff${text}`,
    () => text.replace("{", '{"language":"bash","language":"python",'),
    () => text.replace("{", '{"__proto__":{"language":"python","code":"1"},'),
    () => text.replace(/"/g, "'"),
    () => text.replace(/\d+/, random.pick(RAW_NUMBERS)),
    () =>
      Buffer.concat([
        Buffer.from(text.slice(0, -1)),
        Buffer.from([0xff, 0xfe, 0xc0]),
        Buffer.from("}"),
      ]),
    () => Buffer.concat([Buffer.from(text), random.bytes(8)]),
    () => Buffer.from(text, "utf16le"),
    () => "[".repeat(random.pick([1, 1000, 200_000])),
    () => `${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`,
    () => `{"code":"${"\\ud800".repeat(1000)}","language":"python"}`,
    () => random.bytes(random.below(500)),
    () => `{"language":"python","code":"${"x".repeat(random.below(3) === 0 ? 120_000 : 10)}"}`,
    () => `{"language":"python","files":[${'{"name":"a","content":""},'.repeat(3000)}{}]}`,
    () => (random.below(30) === 0 ? Buffer.alloc(17 * 1024 * 1024, " ") : " "),
    () => text.replace("{", "{/* */"),
    () => "NaN",
    () => '"text"',
    () => "null",
  ])();
  return Buffer.from(make);
}

/** Breaks a request in one or two ways. */
function spoil(request: FuzzRequest, random: Random): FuzzRequest {
  let spoilt = request;
  for (let times = 1 + random.below(2); times > 0; times -= 1) {
    spoilt = random.pick(SPOILERS)(spoilt, random);
  }
  return spoilt;
}

type Spoiler = (request: FuzzRequest, random: Random) => FuzzRequest;

const SPOILERS: readonly Spoiler[] = [
  (request) => request,
  (request, random) => ({ ...request, method: random.pick(METHODS), possible: undefined }),
  (request, random) => ({
    ...request,
    method: random.pick(ODD_METHODS),
    isBroken: true,
    possible: undefined,
  }),
  (request, random) => ({ ...request, headers: [...request.headers, random.pick(HEADERS)] }),
  (request, random) => ({ ...request, headers: [...request.headers, random.pick(HEADERS)] }),
  ({ headers, ...request }, random) => ({
    ...request,
    headers: headers.filter(() => random.below(2) === 0),
  }),
  ({ headers, ...request }) => ({ ...request, headers: headers.flatMap((one) => [one, one]) }),
  ({ headers, ...request }, random) => ({
    ...request,
    headers: [
      ...headers.filter(([name]) => name !== "Content-Type"),
      ["Content-Type", random.pick(TYPES)],
    ],
  }),
  ({ target: plain, ...request }, random) => {
    const target = oddTarget(plain, random);
    const isBroken = request.isBroken || !/^\/[\x21-\x7e]*$/.test(target);
    return { ...request, target, isBroken, possible: undefined };
  },
  (request) => ({ ...request, isChunked: true }),
  (request, random) => ({ ...request, cutBytes: 1 + random.below(2000), isBroken: true }),
  (request, random) => ({
    ...request,
    isBroken: true,
    possible: undefined,
    headers: [
      ...request.headers,
      random.pick<[string, string]>([
        ["Content-Length", "-1"],
        ["Content-Length", "99999999999999999999"],
        ["Content-Length", "1e3"],
        ["Transfer-Encoding", "gzip"],
        ["Transfer-Encoding", "chunked, chunked"],
        ["Host", "other.test"],
        ["Bad Name", "x"],
        ["X-Split", "a\r\nX-Injected: 1"],
        ["", "x"],
      ]),
    ],
  }),
];

function oddTarget(target: string, random: Random): string {
  const at = random.below(target.length) + 1;
  const insert = (text: string) => target.slice(0, at) + text + target.slice(at);
  return random.pick<() => string>([
    () => `/${target}`,
    () => `${target}/`,
    () => `${target}//`,
    () => target.toUpperCase(),
    () =>
      insert(random.pick(["%00", "%2e%2e/", "%2F", "%ff", "%", "%zz", ";x", "..", "/./", "/../"])),
    () =>
      insert(
        random.pick(["?", "#", "&", "=", "+", "\\", "|", "\x7f", "\xe9", "\u{1f600}", "{", "["]),
      ),
    () => `${target}?${"a=b&".repeat(random.below(500))}`,
    () => `${target}?__proto__=1&limit=1&limit=2&state[]=all&%=%&cursor=1.x`,
    () => `/${"a/".repeat(random.below(1500))}`,
    () => `http://other.test${target}`,
    () => target.replace("/api", "/v1"),
    () => "*",
    () => anyText(random).replace(/[\r\n ]/g, "") || "/",
  ])();
}
