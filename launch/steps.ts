// The steps of set-up, as a person sees them: the engine and the image, which a test run needs too,
// and what only a start goes on to.

import { type Engine, ensureEngine } from "../runner/host/engine.ts";
import { type Bundle, ensureBundle } from "./bundle.ts";
import { aborted } from "./ending.ts";
import type { Gateway } from "./gateway.ts";
import { type Start, startKeptGateway, startKeptRunner, tell } from "./kept.ts";
import type { Paths } from "./paths.ts";
import { runSteps, type Step } from "./progress.ts";
import type { Runner } from "./runner.ts";
import { ensureImage } from "./sandbox-image.ts";

/** What later steps take from earlier ones. */
export type Sandboxes = { engine?: Engine; image?: string };

type SandboxOptions = {
  paths: Paths;
  socket: string | undefined;
  runtime: string | undefined;
};

/** Makes sure of the engine and the sandbox image, and leaves both in `made`. */
export function sandboxSteps(options: SandboxOptions, made: Sandboxes): Step[] {
  const { paths, socket, runtime } = options;
  return [
    {
      title: "Docker Engine with gVisor",
      run: async (report, signal) => {
        const { engine: enginePaths } = paths;
        const notice = (line: string) => tell("engine", line);
        const common = { paths: enginePaths, socket, runtime, report, notice, signal };
        const engine = await ensureEngine(common);
        made.engine = engine;
        if (engine.isPrivate) return "Docker Engine with gVisor (private)";
        return `Docker Engine with gVisor at ${engine.socket}`;
      },
    },
    {
      title: "Sandbox image",
      run: async (report, signal) => {
        const { socket: daemon } = need(made.engine);
        made.image = await ensureImage({ paths, socket: daemon, report, signal });
        return `Sandbox image ${made.image}`;
      },
    },
  ];
}

/** Makes sure of everything and starts it, showing each step. Resolves once sandboxes are warm. */
export async function startAll(context: Start): Promise<Gateway> {
  const { options, paths, ending, undo, giveUp } = context;
  const made: Sandboxes & { runner?: Runner; gateway?: Gateway } = {};
  const bundle = Promise.withResolvers<Bundle>();
  // Undone last, because it is begun first.
  undo.push(async () => made.engine?.release());

  const stack: Step[] = [
    ...sandboxSteps({ paths, ...options }, made),
    {
      title: "Runner",
      run: async () => {
        const engine = need(made.engine);
        void engine.lost.then(giveUp);
        made.runner = await startKeptRunner(context, engine, need(made.image));
        return `Runner at ${made.runner.url}`;
      },
    },
    {
      title: "Gateway",
      run: async (_, signal) => {
        const bundled = await unlessAborted(bundle.promise, signal);
        made.gateway = await startKeptGateway(context, bundled, need(made.runner));
        return `Gateway at ${made.gateway.url}`;
      },
    },
    {
      title: "Warm sandboxes",
      run: async (_, signal) => {
        await unlessAborted(need(made.runner).ready, signal);
        return undefined;
      },
    },
  ];
  const bundling: Step = {
    title: "Gateway bundle",
    run: async (report, signal) => {
      const { repo, bundles } = paths;
      bundle.resolve(await ensureBundle({ repo, dir: bundles, report, signal }));
      return undefined;
    },
  };
  await runSteps([stack, [bundling]], ending.first);
  return need(made.gateway);
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const never = aborted(signal).then((): never => {
    throw signal.reason;
  });
  return await Promise.race([work, never]);
}

function need<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a step ran before the one it needs");
  return value;
}
