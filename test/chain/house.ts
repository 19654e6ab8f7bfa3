// Makes chains for the tests that run in workerd and can start no process: a small HTTP server beside
// them. `POST /` starts a chain with USDC on it and answers where it is; `DELETE /?url=` ends one. What is
// left ends with the run.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";
import { type Anvil, startAnvil } from "./anvil.ts";
import { askerOf, plantUsdc } from "./usdc.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Where a new chain is to be had. */
    chainHouse: string;
  }
}

const chains: Anvil[] = [];
let server: Server | undefined;
let planted: Promise<string> | undefined;

export async function setup(project: TestProject): Promise<void> {
  server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? "/", "http://house");
    const done = request.method === "DELETE" ? endChain(searchParams.get("url")) : newChain();
    done.then(
      (url) => response.end(url),
      (thrown) => response.writeHead(500).end(String(thrown)),
    );
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", listening.resolve);
  await listening.promise;
  project.provide("chainHouse", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

export async function teardown(): Promise<void> {
  server?.closeAllConnections();
  server?.close();
  await Promise.all(chains.map((chain) => chain.stop()));
}

/** Starts a chain and gives it what the first was given, which is quicker than to do it all again. */
async function newChain(): Promise<string> {
  planted ??= plantOnce();
  const [chain, state] = await Promise.all([start(), planted]);
  await askerOf(chain.url)("anvil_loadState", [state]);
  return chain.url;
}

async function endChain(url: string | null): Promise<string> {
  const index = chains.findIndex((chain) => chain.url === url);
  const [chain] = index === -1 ? [] : chains.splice(index, 1);
  await chain?.stop();
  return "ended";
}

async function plantOnce(): Promise<string> {
  const chain = await start();
  await plantUsdc(chain.url);
  const state = await askerOf(chain.url)<string>("anvil_dumpState", []);
  await chain.stop();
  return state;
}

async function start(): Promise<Anvil> {
  const chain = await startAnvil();
  chains.push(chain);
  return chain;
}
