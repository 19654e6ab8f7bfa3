// What the description shows: requests that can be sent as they are, and replies as they look. Tests
// send each of them and hold what is shown against what comes, so nothing here is made up.

import type { Example } from "../openapi/about.ts";

const ADDING_IN_C = [
  {
    name: "main.c",
    content:
      '#include <stdio.h>\n#include "add.h"\nint main(void) { printf("%d\\n", add(1, 2)); return 0; }\n',
  },
  { name: "add.h", content: "int add(int, int);\n" },
  { name: "add.c", content: "int add(int a, int b) { return a + b; }\n" },
];

const ID = "exec-0123456789abcdefghjk";
const SESSION_ID = "0f8fad5b-d9cb-469f-a165-70867728950e";
const SESSION_WORD = "sess-0f8fad5bd9cb469fa16570867728950e";

const API_STAGE = {
  exitCode: 0,
  stdout: "499500",
  stderr: "",
  duration: 18,
  outcome: "ok",
  signal: null,
  memoryKb: 8790,
  stdoutBytes: 7,
  stderrBytes: 0,
  stdoutTruncated: false,
  stderrTruncated: false,
  stdoutIsUtf8: true,
  stderrIsUtf8: true,
};

const V1_STAGE = {
  stdout: "499500\n",
  stderr: "",
  code: 0,
  signal: null,
  time_ms: 18,
  memory_kb: 8790,
  outcome: "ok",
  stdout_bytes: 7,
  stderr_bytes: 0,
  stdout_truncated: false,
  stderr_truncated: false,
  stdout_is_utf8: true,
  stderr_is_utf8: true,
};

export const API_EXAMPLES: Record<string, Example> = {
  python: {
    summary: "A program of one file",
    body: { language: "python", code: "print(sum(range(1000)))" },
    reply: {
      id: ID,
      language: "python",
      version: "3.13.5",
      ...API_STAGE,
      result: null,
      results: [],
      timedOut: false,
      credits: { charged: 1, remaining: 49 },
    },
  },
  input: {
    summary: "With input, arguments and a time of its own",
    body: {
      language: "bash",
      code: 'read -r name; echo "$1, $name"',
      args: ["Hello"],
      stdin: "world\n",
      timeout: 5000,
    },
  },
  c: {
    summary: "A program of several files, the main one first",
    body: { language: "c", files: ADDING_IN_C },
  },
  stream: {
    summary: "Told while it runs",
    body: { language: "python", code: "print(42)", stream: true },
  },
};

export const V1_EXAMPLES: Record<string, Example> = {
  python: {
    summary: "A program of one file",
    body: { language: "python", code: "print(sum(range(1000)))", run_timeout: 10_000 },
    reply: {
      id: ID,
      session_id: SESSION_ID,
      state_fresh: true,
      state_kept: false,
      language: "python",
      version: "3.13.5",
      run_timeout: 10_000,
      run: V1_STAGE,
      result: null,
      results: [],
      credits: { charged: 1, remaining: 49 },
    },
  },
  c: {
    summary: "A program of several files",
    body: { language: "c", files: ADDING_IN_C },
  },
};

export const SESSION_EXAMPLES: Record<string, Example> = {
  remember: {
    summary: "What later executions in it will find",
    body: { code: "x = 42\nprint(x)" },
    reply: {
      id: ID,
      sessionId: SESSION_WORD,
      stateFresh: false,
      stateKept: true,
      language: "python",
      version: "3.13.5",
      ...API_STAGE,
      stdout: "42",
      stdoutBytes: 3,
      result: null,
      results: [],
      timedOut: false,
      credits: { charged: 1, remaining: 48 },
    },
  },
  files: {
    summary: "With a file to bring back",
    body: { code: "open('out.txt', 'w').write('done')", outputFiles: ["*.txt"] },
  },
};

export const HISTORY_EXAMPLES: Record<string, Example> = {
  python: { summary: "In one language", query: { language: "python", limit: "10" } },
};

export const OPEN_SESSION_EXAMPLES: Record<string, Example> = {
  python: {
    summary: "One for Python",
    body: { language: "python" },
    reply: {
      sessionId: SESSION_WORD,
      language: "Python 3.13.5",
      languageId: "python",
      version: "3.13.5",
      state: "idle",
      createdAt: "2026-11-22T10:00:00.000Z",
      lastUsedAt: "2026-11-22T10:00:00.000Z",
      expiresAt: "2026-11-22T10:10:00.000Z",
      executions: 0,
      kept: true,
    },
  },
};

export const MODEL_EXAMPLES: Record<string, Example> = {
  list: {
    summary: "What tools there are",
    body: { jsonrpc: "2.0", id: 1, method: "tools/list" },
    reply: { jsonrpc: "2.0", id: 1, result: {} },
  },
  call: {
    summary: "A program run by a tool",
    body: {
      jsonrpc: "2.0",
      id: 2,
      method: "tools/call",
      params: { name: "execute", arguments: { language: "python", code: "print(42)" } },
    },
  },
};

/** A stream of events, as it is written. */
export const EVENTS_EXAMPLE = `event: start
data: {"id":"${ID}","language":"python","version":"3.13.5"}

event: stdout
data: {"stage":"run","text":"42\\n"}

event: end
data: {"id":"${ID}","outcome":"ok","exitCode":0,"stdout":"42"}

`;

const PISTON_STAGE = {
  signal: null,
  stdout: "499500\n",
  stderr: "",
  code: 0,
  output: "499500\n",
  memory: 9_000_000,
  message: null,
  status: null,
  cpu_time: 12,
  wall_time: 18,
};

export const PISTON_EXAMPLES: Record<string, Example> = {
  python: {
    summary: "A program as Piston takes it",
    body: {
      language: "py",
      version: "3.x",
      files: [{ name: "sum.py", content: "print(sum(range(1000)))" }],
      stdin: "",
      args: ["1", "2", "3"],
      compile_timeout: 10_000,
      run_timeout: 3000,
      compile_memory_limit: -1,
      run_memory_limit: -1,
    },
    reply: { run: PISTON_STAGE, language: "python", version: "3.13.5" },
  },
};
