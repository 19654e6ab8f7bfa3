// What a runner can be asked about sessions and executions there are. Each route is told what was
// asked, as it came, and answers with a value; that it was signed, and how a value leaves, is the
// server's business.

import * as z from "zod";
import { STDIN_BYTES_MAX } from "../shared/limits.ts";
import { PackagesRequest } from "../shared/packages.ts";
import { parse } from "../shared/parse.ts";
import {
  FILE_ENCODINGS,
  type InstalledPackages,
  RUNNER_EXECUTIONS_PATH,
  RUNNER_SESSIONS_PATH,
  RunnerSessionRequest,
  textOf,
} from "../shared/runner-api.ts";
import type { Executions } from "./executions.ts";
import type { Sessions } from "./sessions.ts";

/** What of a request a route looks at. `body` is parsed JSON, if there was any. */
export type Asked = { id: string; query: Record<string, unknown>; body: unknown };

/** What a route answers; without a body there is nothing to say. */
export type Answer = { status?: number; body?: object; log?: object };

export type Route = {
  method: "get" | "post" | "delete";
  path: string;
  run: (asked: Asked) => Promise<Answer>;
};

const Owner = z.object({ accountId: z.string().min(1).max(128) });

const MoreInput = Owner.extend({
  data: textOf(Math.ceil((STDIN_BYTES_MAX * 4) / 3) + 4).optional(),
  encoding: z.enum(FILE_ENCODINGS).optional(),
  end: z.boolean().optional(),
});

const MorePackages = Owner.extend({ packages: PackagesRequest });

/** Everything about sessions but their files. */
export function sessionRoutes(sessions: Sessions): Route[] {
  const one = `${RUNNER_SESSIONS_PATH}/:id`;
  return [
    {
      method: "post",
      path: RUNNER_SESSIONS_PATH,
      run: async ({ body }) => {
        const request = parse(RunnerSessionRequest, body);
        const session = await sessions.create(request);
        return { status: 201, body: session, log: { sessionId: session.sessionId } };
      },
    },
    {
      method: "get",
      path: one,
      run: async ({ id, query }) => ({
        body: sessions.find(id, parse(Owner, query).accountId).describe(),
      }),
    },
    {
      method: "delete",
      path: one,
      run: async ({ id, query }) => {
        sessions.end(sessions.find(id, parse(Owner, query).accountId), "deleted");
        return { status: 204 };
      },
    },
    {
      method: "post",
      path: `${one}/interrupt`,
      run: async ({ id, body }) => {
        const session = sessions.find(id, parse(Owner, body).accountId);
        return { body: { interrupted: session.interrupt() } };
      },
    },
    {
      method: "post",
      path: `${one}/packages`,
      run: async ({ id, body }) => {
        const { accountId, packages } = parse(MorePackages, body);
        const installed = await sessions.install({ id, accountId }, packages);
        return { body: { packages: installed } satisfies InstalledPackages };
      },
    },
    {
      method: "post",
      path: `${one}/reset`,
      run: async ({ id, body }) => {
        const session = sessions.find(id, parse(Owner, body).accountId);
        await session.reset();
        return { body: session.describe() };
      },
    },
  ];
}

/** Everything about executions that run or have just run. */
export function executionRoutes(executions: Executions): Route[] {
  const one = `${RUNNER_EXECUTIONS_PATH}/:id`;
  return [
    {
      method: "get",
      path: one,
      run: async ({ id, query }) => ({
        body: executions.state(id, parse(Owner, query).accountId),
      }),
    },
    {
      method: "post",
      path: `${one}/interrupt`,
      run: async ({ id, body }) => {
        executions.running(id, parse(Owner, body).accountId).interrupt();
        return { body: { interrupted: true } };
      },
    },
    {
      method: "post",
      path: `${one}/stdin`,
      run: async ({ id, body }) => {
        const { accountId, data, encoding, end } = parse(MoreInput, body);
        const bytes = Buffer.from(data ?? "", encoding ?? "utf8");
        executions.running(id, accountId).feed(bytes, { isEnd: end === true });
        return { body: { bytes: bytes.length } };
      },
    },
  ];
}
