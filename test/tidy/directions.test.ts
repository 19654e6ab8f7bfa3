// Who may import what. The directions are what lets each part be read, changed and deployed alone.

import { describe, expect, test } from "vitest";
import { readSources, type Source } from "./sources.ts";

const CODE = ["shared", "worker", "runner", "launch", "bench", "mcp", "docs", "client", "cli"];

function importersOf(wanted: (name: string) => boolean, ...folders: string[]): string[] {
  return readSources(...folders)
    .filter((source) => source.imports.some(wanted))
    .map((source) => source.path);
}

function outside(source: Source, allowed: (name: string) => boolean): string[] {
  return source.imports.filter((name) => !allowed(name)).map((name) => `${source.path}: ${name}`);
}

describe("import directions", () => {
  test("shared imports nothing but itself, zod, semver and the signature library", () => {
    const allowed = (name: string) =>
      name.startsWith("shared/") || ["zod", "semver", "http-message-sig"].includes(name);
    expect(readSources("shared").flatMap((source) => outside(source, allowed))).toEqual([]);
  });

  test("the gateway and the runner never import each other, nor what starts them", () => {
    expect(importersOf((name) => /^(runner|launch|bench|test)\//.test(name), "worker")).toEqual([]);
    expect(importersOf((name) => /^(worker|launch|bench|test)\//.test(name), "runner")).toEqual([]);
  });

  test("the bridge imports nothing but itself, Node and one parser: it is a part of other packages", () => {
    const allowed = (name: string) =>
      name.startsWith("mcp/") || name.startsWith("node:") || name.startsWith("eventsource-parser");
    expect(readSources("mcp").flatMap((source) => outside(source, allowed))).toEqual([]);
  });

  test("the command line knows the client, what both know, and Node, and nothing else that would be packed", () => {
    const allowed = (name: string) =>
      /^(cli|client|mcp|shared)\//.test(name) || name.startsWith("node:");
    const sources = readSources("cli").filter(({ path }) => path !== "cli/build.ts");
    expect(sources.flatMap((source) => outside(source, allowed))).toEqual([]);
  });

  test("the gateway imports nothing of Node's", () => {
    expect(importersOf((name) => name.startsWith("node:"), "worker", "shared")).toEqual([]);
  });

  test("only one file of the running runner speaks to Docker, and only one to Express", () => {
    const runner = readSources("runner").filter(({ path }) => !path.startsWith("runner/host/"));
    const importers = (name: string) =>
      runner.filter(({ imports }) => imports.includes(name)).map(({ path }) => path);
    expect(importers("dockerode")).toEqual(["runner/docker.ts"]);
    expect(importers("express")).toEqual(["runner/server.ts"]);
  });

  test("the client imports nothing but itself", () => {
    const allowed = (name: string) => name.startsWith("client/src/");
    expect(readSources("client/src").flatMap((source) => outside(source, allowed))).toEqual([]);
  });

  test("the account object never fetches", () => {
    const fetching = readSources("worker/account").filter(({ text }) => /\bfetch\(/.test(text));
    expect(fetching.map(({ path }) => path)).toEqual([]);
  });

  test("zod is imported whole, which bundles to a quarter of importing its namespace object", () => {
    const wrong = readSources(...CODE).filter(({ text }) =>
      /import \{ ?z\b.*from "zod"/.test(text),
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });
});
