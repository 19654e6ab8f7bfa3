// The routes of a session's files over real HTTP, in front of whatever plays the session. What they
// need besides, signatures and sessions, is replaced by the least there can be.

import { createServer, request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { SandboxFiles } from "../../runner/sandbox-files.ts";
import { answerFileRequest, type FileLog, isFileRequest } from "../../runner/session-files.ts";
import { asFailure, Failure } from "../../shared/errors.ts";
import { newSessionId } from "../../shared/ids.ts";

export const SESSION = newSessionId();
export const ACCOUNT = "acct";

export type FileAnswer = { status: number; headers: IncomingHttpHeaders; body: Buffer };
export type FileCall = {
  method?: string;
  /** As it is to stand in the URL, below `files`. */
  path: string;
  query?: string;
  body?: Buffer;
  headers?: Record<string, string>;
};

export type FileServer = {
  call: (call: FileCall) => Promise<FileAnswer>;
  /** Sends these bytes on a connection of its own, and hangs up after `ms`. */
  sendRaw: (bytes: Buffer | string, ms: number) => Promise<string>;
  /** What has been noted of the requests that went well. */
  log: FileLog[];
  /** The codes of those that did not. */
  codes: string[];
  /** Requests that have not ended. */
  underWay: () => number;
  close: () => void;
};

/** Serves the files of the only session there is. */
export async function serveFiles(files: () => SandboxFiles): Promise<FileServer> {
  const log: FileLog[] = [];
  const codes: string[] = [];
  let underWay = 0;
  const access = {
    verify: async () => undefined,
    withSession: async <T>(
      sessionId: string,
      accountId: string,
      use: (sandbox: { files: SandboxFiles }) => Promise<T>,
    ) => {
      if (sessionId !== SESSION || accountId !== ACCOUNT) throw new Failure("unknown_session");
      return await use({ files: files() });
    },
  };
  const server = createServer(async (request, response) => {
    underWay++;
    try {
      if (!isFileRequest(request.url ?? "")) throw new Failure("not_found");
      log.push(await answerFileRequest(access, request, response));
    } catch (thrown) {
      const failure = asFailure(thrown);
      codes.push(failure.code);
      if (failure.code === "internal") console.error(failure.detail);
      if (response.headersSent) return void response.destroy();
      response.statusCode = failure.status;
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify(failure.body("req-1")));
    } finally {
      underWay--;
    }
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    call: (call) => callOnce(port, call),
    sendRaw: (bytes, ms) => sendOnce(port, bytes, ms),
    log,
    codes,
    underWay: () => underWay,
    close: () => server.close(),
  };
}

/** The URL of a file, or of whatever is written for one, in the session. */
export function urlOf(path: string, query = ""): string {
  return `/v1/sessions/${SESSION}/files/${path}?accountId=${ACCOUNT}${query}`;
}

function callOnce(port: number, { method = "GET", path, query, body, headers }: FileCall) {
  return new Promise<FileAnswer>((resolve, reject) => {
    const options = { host: "127.0.0.1", port, method, path: urlOf(path, query), agent: false };
    const isCounted = body !== undefined && headers?.["transfer-encoding"] === undefined;
    const length = isCounted ? { "content-length": String(body.length) } : {};
    const request = httpRequest({ ...options, headers: { ...length, ...headers } }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        const { statusCode = 0, headers: got } = response;
        resolve({ status: statusCode, headers: got, body: Buffer.concat(parts) });
      });
    });
    request.on("error", reject);
    request.end(body);
  });
}

function sendOnce(port: number, bytes: Buffer | string, ms: number): Promise<string> {
  return new Promise((resolve) => {
    let got = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.setEncoding("utf8").on("data", (text: string) => {
      got += text;
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(got));
    setTimeout(() => socket.destroy(), ms);
  });
}
