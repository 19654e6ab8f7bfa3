// The ways of running one small program that the benchmark compares: through the edge, at the
// runner, by `docker exec` into a gVisor container that already runs, and bare on the host with the
// image's own interpreter. Each checks that the program's output came back.

import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import type Docker from "dockerode";
import { OWNER_LABEL } from "../launch/runner.ts";
import type { Stack } from "../launch/stack.ts";
import { connect } from "../runner/host/client.ts";
import { identifySelf } from "../runner/host/identity.ts";
import { makeSigningKey } from "../runner/signed.ts";
import { newId } from "../shared/ids.ts";
import { RUNNER_EXECUTE_PATH, type RunnerExecuteRequest } from "../shared/runner-api.ts";
import { type SigningKey, sign } from "../shared/signature.ts";
import type { BenchProgram } from "./programs.ts";

/** One way of running a program. */
export type Contestant = {
  name: string;
  /** Runs it once and checks its output. */
  run: (program: BenchProgram) => Promise<void>;
  close: () => Promise<void>;
};

const agent = new http.Agent({ keepAlive: true });

/** `POST /api/execute` with an account that neither runs out nor is held back. */
export async function throughTheEdge(stack: Stack): Promise<Contestant> {
  const key = await richKey(stack);
  const url = new URL("/api/execute", stack.url);
  return {
    name: "edge",
    run: async ({ language, code, expected }) => {
      const headers = { "content-type": "application/json", authorization: `Bearer ${key}` };
      const reply = await post(url, headers, JSON.stringify({ language, code }));
      check(`${reply.stdout}\n`, expected, reply);
    },
    close: async () => undefined,
  };
}

/** A signed request straight to the runner. */
export function atTheRunner(stack: Stack): Contestant {
  const key = makeSigningKey(stack.runnerSecret);
  return {
    name: "runner",
    run: async ({ language, code, expected }) => {
      const request = { accountId: "bench", language, code, runTimeoutMs: 10_000 };
      const reply = await executeAtRunner(stack, key, { executionId: newId("exec"), ...request });
      check(reply.stdout, expected, reply);
    },
    close: async () => undefined,
  };
}

/** Signs and sends one execution to the runner; resolves with its reply, whatever that says. */
export async function executeAtRunner(
  stack: Stack,
  key: SigningKey,
  request: RunnerExecuteRequest,
): Promise<Record<string, unknown>> {
  const url = new URL(RUNNER_EXECUTE_PATH, stack.runner.url);
  const text = JSON.stringify(request);
  const body = new TextEncoder().encode(text);
  const signed = { method: "POST", url: url.href, body };
  return post(url, { ...(await sign(key, stack.runnerId, signed, Date.now())) }, text);
}

/** The Engine's API for `docker exec`, into a container that was started before. */
export async function byDockerExec(options: {
  socket: string;
  image: string;
  runtime: string;
}): Promise<Contestant> {
  const docker = connect(options.socket);
  const container = await docker.createContainer({
    Image: options.image,
    Entrypoint: ["sleep", "infinity"],
    Labels: { [OWNER_LABEL]: JSON.stringify(identifySelf()) },
    HostConfig: { Runtime: options.runtime, NetworkMode: "none" },
  });
  await container.start();
  return {
    name: "docker exec",
    run: async ({ command, expected }) => {
      const output = await dockerExec(docker, container, command);
      check(output, expected, { output });
    },
    close: async () => container.remove({ force: true }),
  };
}

async function dockerExec(
  docker: Docker,
  container: Docker.Container,
  command: readonly string[],
): Promise<string> {
  const exec = await container.exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({ hijack: true, stdin: false });
  const output = new PassThrough();
  const chunks: Buffer[] = [];
  output.on("data", (chunk: Buffer) => chunks.push(chunk));
  docker.modem.demuxStream(stream, output, output);
  await new Promise((resolve) => stream.once("end", resolve));
  return Buffer.concat(chunks).toString("utf8");
}

/** The image's interpreter started as an ordinary process of the host, in no sandbox at all. */
export async function bareOnTheHost(options: {
  socket: string;
  image: string;
}): Promise<Contestant> {
  const root = mkdtempSync(join(tmpdir(), "agent-coderunner-root-"));
  await unpackImage(options, root);
  return {
    name: "bare host",
    run: async ({ command, expected }) => {
      const { stdout } = await promisify(execFile)("chroot", [root, ...command], { cwd: "/" });
      check(stdout, expected, { stdout });
    },
    close: async () => rmSync(root, { recursive: true, force: true }),
  };
}

async function unpackImage(
  options: { socket: string; image: string },
  root: string,
): Promise<void> {
  const docker = connect(options.socket);
  const labels = { [OWNER_LABEL]: JSON.stringify(identifySelf()) };
  const container = await docker.createContainer({ Image: options.image, Labels: labels });
  try {
    mkdirSync(root, { recursive: true });
    const tar = spawn("tar", ["-x", "-C", root], { stdio: ["pipe", "ignore", "inherit"] });
    const ended = new Promise<number | null>((resolve) => tar.once("close", resolve));
    await pipeline(await container.export(), tar.stdin);
    if ((await ended) !== 0) throw new Error("the image could not be unpacked");
  } finally {
    await container.remove({ force: true });
  }
}

async function richKey(stack: Stack): Promise<string> {
  const made = await post(new URL("/api/keys", stack.url), {}, "");
  const url = new URL(`/admin/accounts/${made.accountId}`, stack.url);
  const headers = {
    "content-type": "application/json",
    authorization: `Bearer ${stack.adminToken}`,
  };
  const change = JSON.stringify({ grantCredits: 1_000_000, ratePerMinute: 1_000_000 });
  await post(url, headers, change, "PATCH");
  return String(made.apiKey);
}

/** One request over a kept connection, with node:http, which adds less of its own than fetch. */
function post(
  url: URL,
  headers: Record<string, string>,
  body: string,
  method = "POST",
): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const length = { "content-length": String(Buffer.byteLength(body)) };
    const request = http.request(url, { agent, method, headers: { ...headers, ...length } });
    request.once("error", reject);
    request.once("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => resolve(JSON.parse(Buffer.concat(chunks).toString("utf8"))));
    });
    request.end(body);
  });
}

function check(output: unknown, expected: string, reply: object): void {
  if (output !== expected) throw new Error(`unexpected answer: ${JSON.stringify(reply)}`);
}
