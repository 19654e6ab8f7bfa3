// A history of executions that each brought back as many files, with as long names, as may be.

import { expect, it } from "vitest";
import {
  FILE_NAME_BYTES_MAX,
  LISTED_EXECUTIONS_MAX,
  LISTED_FILES_MAX,
} from "../../shared/limits.ts";
import { client } from "./kit/client.ts";
import { PROGRAM, REPORT } from "./kit/gateway.ts";
import { sessionRunner } from "./kit/session-runner.ts";

type Listed = { executions: { id: string; duration: number }[]; cursor: string | null };

it("can be listed by the largest page", { timeout: 60_000 }, async () => {
  const files = Array.from({ length: LISTED_FILES_MAX }, (_, at) => ({
    name: String(at).padStart(FILE_NAME_BYTES_MAX, "n"),
    bytes: 1,
    sha256: "0".repeat(64),
  }));
  const fake = sessionRunner(() => Response.json({ ...REPORT, files }));
  const { g, apiKey, call } = await client(fake);
  let last = "";
  for (let made = 0; made < LISTED_EXECUTIONS_MAX; made += 1) {
    const reply = await g.run(apiKey, { ...PROGRAM, outputFiles: ["**"] });
    last = (await reply.json<{ id: string }>()).id;
  }
  const response = await call("GET", `/api/executions?limit=${LISTED_EXECUTIONS_MAX}`);
  expect(response.status).toBe(200);
  const { executions, cursor } = await response.json<Listed>();
  expect(executions).toHaveLength(LISTED_EXECUTIONS_MAX);
  expect(executions[0]).toMatchObject({ id: last, version: REPORT.version, duration: 18 });
  expect(cursor).toBeNull();
  const one = await (await call("GET", `/api/executions/${last}`)).json<{ files: object[] }>();
  expect(one.files).toHaveLength(LISTED_FILES_MAX);
});
