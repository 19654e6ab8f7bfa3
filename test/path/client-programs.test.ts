// Programs that use the packed and installed client, each a process of its own: what the product's pages
// show, every example, and a Worker.

import { execFileSync } from "node:child_process";
import { cpSync, readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { PackedClient } from "../kit/packed-client.ts";
import { startModel } from "../kit/scripted-model.ts";
import { startWorker } from "../kit/worker-process.ts";
import { newKey, richKey } from "./client.ts";

const { url } = inject("gateway");
const EXAMPLES = new URL("../../examples/", import.meta.url).pathname;
/** What examples import besides the client, and what that imports. */
const LIBRARIES = ["ai", "@langchain/core"];

let packed: PackedClient;
let env: Record<string, string>;

beforeAll(async () => {
  packed = await PackedClient.install();
  for (const library of LIBRARIES) packed.link(library);
  env = { CODERUNNER_URL: url, CODERUNNER_API_KEY: await richKey() };
});
afterAll(() => packed.remove());

/** What a script prints, line by line. */
async function linesOf(name: string, text: string, more: Record<string, string> = {}) {
  const output = await packed.node(packed.write(name, text), { ...env, ...more });
  return output.trimEnd().split("\n");
}

describe("the product's pages", () => {
  test("the client's example runs with another import and another address", async () => {
    const page = `
import { CodeRunner as RunTools } from 'agent-coderunner';

const rt = new RunTools({ apiKey: '${env.CODERUNNER_API_KEY}', baseUrl: '${url}' });

// Simple execution
const result = await rt.execute({
  language: 'python',
  code: 'print("Hello from RunTools!")',
});
console.log(result.run.stdout); // "Hello from RunTools!\\n"

// With session persistence
const r1 = await rt.execute({
  language: 'python',
  code: 'open("data.txt", "w").write("hello")',
});

const r2 = await rt.execute({
  language: 'python',
  sessionId: r1.session_id,
  code: 'print(open("data.txt").read())',
});
console.log(r2.run.stdout); // "hello"

// List available runtimes
const runtimes = await rt.runtimes();
console.log(runtimes);
`;
    const lines = await linesOf("page.mjs", page);
    expect(lines.slice(0, 5)).toEqual(["Hello from RunTools!", "", "hello", "", "["]);
    expect(lines.join("\n")).toContain("aliases: [ 'py', 'python3' ]");
  });

  test("the example that needs no client runs with another address", async () => {
    const page = `
const API = "${url}";

// Get API key (instant, no signup)
const { apiKey } = await fetch(\`\${API}/api/keys\`, {
  method: "POST"
}).then(r => r.json());

// Execute code
const result = await fetch(\`\${API}/api/execute\`, {
  method: "POST",
  headers: {
    "Authorization": \`Bearer \${apiKey}\`,
    "Content-Type": "application/json"
  },
  body: JSON.stringify({
    language: "javascript",
    code: \`
      const squares = Array.from({length: 10}, (_, i) => i * i);
      console.log(JSON.stringify(squares));
    \`,
    timeout: 5000
  })
}).then(r => r.json());

console.log(result.stdout);    // "[0,1,4,9,16,25,36,49,64,81]"
console.log(result.duration);  // 47 (ms)
`;
    const [squares, duration] = await linesOf("fetch.mjs", page);
    expect(squares).toBe("[0,1,4,9,16,25,36,49,64,81]");
    expect(duration).toMatch(/^\d+$/);
  });

  test("the commands run with another address, a key and the ids of their own replies", async () => {
    const { key } = await newKey();
    const shell = (command: string) =>
      JSON.parse(
        execFileSync("bash", ["-c", command.replace("curl", "curl -sS")], { encoding: "utf8" }),
      );
    expect(shell(`curl -X POST ${url}/api/keys`).apiKey).toMatch(/^cr_live_/);
    const squares = shell(String.raw`curl -X POST ${url}/api/execute \
  -H "Content-Type: application/json" \
  -H "Authorization: Bearer ${key}" \
  -d '{
    "language": "python",
    "code": "import json\ndata = [i**2 for i in range(20)]\nprint(json.dumps(data))",
    "timeout": 5000
  }'`);
    expect(JSON.parse(squares.stdout)).toEqual(Array.from({ length: 20 }, (_, i) => i * i));
    const opened = shell(String.raw`curl -X POST ${url}/api/sessions \
  -H "Authorization: Bearer ${key}" \
  -d '{"language": "python"}'`);
    expect(opened).toMatchObject({ sessionId: expect.stringMatching(/^sess-/) });
    expect(opened.language).toMatch(/^Python 3\./);
    const inSession = `curl -X POST ${url}/api/sessions/${opened.sessionId}/execute -H "Authorization: Bearer ${key}"`;
    const saved = shell(String.raw`${inSession} \
  -d '{"code": "import json\ndata = {\"users\": 100}\njson.dump(data, open(\"state.json\",\"w\"))\nprint(\"Saved\")"}'`);
    expect(saved.stdout).toBe("Saved");
    // The page escapes the inner quotes once more, which no Python reads.
    const users = shell(String.raw`${inSession} \
  -d '{"code": "import json\ndata = json.load(open(\"state.json\"))\nprint(f\"Users: {data[\"users\"]}\")"}'`);
    expect(users.stdout).toBe("Users: 100");
    const first =
      shell(String.raw`curl -X POST ${url}/v1/execute -H "Authorization: Bearer ${key}" -d '{
  "language": "python",
  "code": "open(\"data.txt\", \"w\").write(\"hello\")"
}'`);
    const second =
      shell(String.raw`curl -X POST ${url}/v1/execute -H "Authorization: Bearer ${key}" -d '{
  "language": "python",
  "session_id": "${first.session_id}",
  "code": "print(open(\"data.txt\").read())"
}'`);
    expect(second.run.stdout).toBe("hello\n");
  });
});

/** What each example prints; those with a model of somebody else's have one that says what it was told to. */
const PRINTED: Record<string, RegExp> = {
  "ai-sdk.mjs": /^\{"outcome":"ok"\}\n\{"outcome":"ok","result":"6765"\}\nIt is 6765\.\n$/,
  "anthropic.mjs": /^The sandbox said 6765\.\n$/,
  "detached.mjs": /^running\ndone\nsignal\nsignal, ok\n$/,
  "errors.mjs": /^error 1 true\nunknown_language 400 language false\n$/,
  "hello.mjs": /^Hello\nhello\npython 3\.[\d.]+\n(.+\n)+r 4[\d.]+\n$/,
  "langchain.mjs": /^1 \{"outcome":"ok","stdout":"6765\\n"\}\n$/,
  "new-key.mjs":
    /^50 executions, 10 a minute\n(settle 9\n)?reserve -10\ngrant 50\nworks until later\n$/,
  "openai-responses.mjs": /^The sandbox said 6765\.\n$/,
  "openai.mjs": /^The sandbox said 6765\.\n$/,
  "paying.mjs": /^spent: 2\n$/,
  "session.mjs":
    /^people: 7\ntotal\.txt: 7\ndirectory data\nfile total\.txt\nrows is forgotten: true\n$/,
  "stream.mjs": /^told: 0\ntold: 1\ntold: 2\nit was ok\nhello, world\nended: TimeoutError\n$/,
};

describe("the examples", () => {
  let model: Awaited<ReturnType<typeof startModel>>;
  beforeAll(async () => {
    model = await startModel();
  });
  afterAll(() => model.stop());

  test("are all tried", () => {
    const scripts = readdirSync(EXAMPLES).filter((name) => name.endsWith(".mjs"));
    expect(scripts.filter((name) => name !== "worker.mjs").sort()).toEqual(Object.keys(PRINTED));
  });

  test.each(Object.entries(PRINTED))("%s does what it says", async (name, printed) => {
    cpSync(`${EXAMPLES}${name}`, `${packed.folder}/${name}`);
    const urls = { ANTHROPIC_BASE_URL: model.url, OPENAI_BASE_URL: `${model.url}/v1` };
    expect(await packed.node(`${packed.folder}/${name}`, { ...env, ...urls })).toMatch(printed);
  });

  test("worker.mjs runs in workerd and passes on what it hears while it hears it", async () => {
    const worker = await startWorker({
      folder: packed.folder,
      modules: {
        "worker.mjs": `${EXAMPLES}worker.mjs`,
        "agent-coderunner": packed.path("dist/index.js"),
      },
      bindings: env,
    });
    try {
      const body = "import time\nprint('one', flush=True)\ntime.sleep(1)\nprint('two')";
      const response = await fetch(worker.url, { method: "POST", body });
      const told: string[] = [];
      const startedAt = performance.now();
      for await (const part of response.body ?? []) {
        told.push(new TextDecoder().decode(part));
        if (told.length === 1) expect(performance.now() - startedAt).toBeLessThan(900);
      }
      expect(told).toEqual(["one\n", "two\n"]);
    } finally {
      await worker.stop();
    }
  });
});
