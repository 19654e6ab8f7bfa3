// The short form of the fuzz, against the gateway on the real workerd; the long form is `npm run
// fuzz`. And what is served there describes itself as OpenAPI 3.1 says it must.

import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, test } from "vitest";
import { startEdge } from "../../bench/edge-stack.ts";
import { problemWith } from "./check.ts";
import { fuzz, reportOf } from "./fuzz.ts";
import { checkEntries } from "./ledger.ts";
import { type Api, type FuzzRequest, requestOf } from "./requests.ts";
import { bytesOf } from "./wire.ts";

const REQUESTS = 2000;
const FUZZ_MS_MAX = 240_000;

describe("many odd requests", () => {
  test(
    "are answered without a fault, a hang, a leak or a credit lost",
    async () => {
      const result = await fuzz({ seed: 7, requests: REQUESTS, say: console.log });
      console.log(reportOf(result));
      expect(result.problems.map(({ number, problem }) => `${number}: ${problem}`)).toEqual([]);
      expect(result.ledger.problems).toEqual([]);
      expect(result.ledger.executions).toBeGreaterThan(REQUESTS / 50);
      const answered = Object.values(result.statuses).reduce((sum, count) => sum + count, 0);
      expect(answered).toBe(REQUESTS);
      for (const status of ["200", "201", "204", "400", "401", "404", "405", "415"]) {
        expect(result.statuses[status], status).toBeGreaterThan(0);
      }
    },
    FUZZ_MS_MAX,
  );
});

describe("the description that is served", () => {
  test(
    "is OpenAPI 3.1, and the same request comes of the same seed",
    async () => {
      const edge = await startEdge();
      try {
        const api = (await (await fetch(`${edge.url}/openapi.json`)).json()) as Api;
        const checked = await new Validator().validate(api);
        expect(checked).toEqual({ valid: true });
        const broken = await new Validator().validate({ ...api, paths: { x: { get: 1 } } });
        expect(broken.valid).toBe(false);
        for (let number = 0; number < 200; number += 1) {
          const [one, other] = [requestOf(api, 3, number), requestOf(api, 3, number)];
          const fill = (text: string) => text;
          expect(bytesOf(one, fill).equals(bytesOf(other, fill))).toBe(true);
        }
      } finally {
        await edge.stop();
      }
    },
    FUZZ_MS_MAX,
  );
});

describe("what is held against an answer", () => {
  const request: FuzzRequest = {
    number: 0,
    method: "GET",
    target: "/",
    headers: [],
    body: Buffer.alloc(0),
    cutBytes: 0,
    isChunked: false,
    isBroken: false,
    possible: new Set([200]),
  };
  const reply = (status: number, body: object | string, id = "req-1") => ({
    kind: "reply" as const,
    status,
    headers: new Map([
      ["content-type", "application/json"],
      ...(id === "" ? [] : [["x-request-id", id] as const]),
    ]),
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const error = (code: string, message: string) => ({ error: { code, message, requestId: "r" } });

  test.each([
    ["a fault", reply(500, error("internal", "x")), "answered 500"],
    ["silence", { kind: "silent" as const, received: "" }, "no end of an answer"],
    ["nothing", { kind: "closed" as const }, "no answer"],
    ["another status", reply(409, error("conflict", "x")), "which is not described"],
    ["a wrong status", reply(404, error("conflict", "x")), "conflict with status 404"],
    ["an inside", reply(404, error("not_found", "TypeError: x")), "the inside shows"],
    ["an unknown shape", reply(404, "Not found"), "no error of ours"],
    ["cut JSON", reply(200, '{"a":'), "what is not JSON"],
    ["a stranger", reply(502, "Bad Gateway", ""), "the server itself answered 502"],
  ])("%s is a problem", (_name, answer, problem) => {
    expect(problemWith(request, answer, request.possible)).toContain(problem);
  });

  test("what is as it should be is none", () => {
    expect(problemWith(request, reply(200, { a: 1 }), request.possible)).toBeUndefined();
    expect(problemWith(request, reply(404, error("not_found", "x")), request.possible)).toBe(
      undefined,
    );
  });

  test("a ledger that does not add up is a problem", () => {
    const entry = (number: number, kind: string, amount_micro: number, balance_micro: number) => ({
      ...{ number, kind, id: kind === "grant" ? "g" : "h", amount_micro, balance_micro },
    });
    const grant = entry(1, "grant", 100, 100);
    const reserve = entry(2, "reserve", -40, 60);
    expect(checkEntries([grant, reserve, entry(3, "settle", 10, 70)])).toEqual({
      problems: [],
      chargedMicro: 30,
    });
    expect(checkEntries([grant, reserve]).problems).toEqual(["the hold h was never resolved"]);
    expect(checkEntries([grant, reserve, entry(3, "void", 50, 110)]).problems).toHaveLength(1);
    expect(checkEntries([grant, reserve, entry(3, "void", 40, 99)]).problems).toHaveLength(1);
    expect(checkEntries([grant, entry(2, "settle", 1, 101)]).problems).toHaveLength(1);
  });
});
