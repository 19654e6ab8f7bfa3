// What the runner counts, in the text format Prometheus reads, on a port of its own. That port is
// asked for explicitly and listens on the host itself unless told otherwise: the figures name no
// account and no program, but they are the operator's and nobody else's.

import { createServer, type Server } from "node:http";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { asFailure } from "../shared/errors.ts";
import { type LanguageId, SANDBOX_KINDS, type SandboxKind } from "../shared/languages.ts";
import { type ExecutionReport, outcomeOf } from "../shared/runner-api.ts";
import type { Levels } from "./pool.ts";
import type { PoolEvents } from "./pool-events.ts";

const PREFIX = "coderunner_";
/** In seconds, from a warm execution's milliseconds to the longest there is. */
const BUCKETS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300,
];

/** What the gauges look at when somebody asks for them. */
export type Gauged = {
  count: (kind: SandboxKind) => Levels;
  waiting: () => number;
};

export class Metrics {
  readonly #registry = new Registry();
  readonly #executions = this.#counter("executions_total", "Executions by their outcome", [
    "language",
    "outcome",
  ]);
  readonly #failures = this.#counter("failures_total", "Executions without an outcome", ["code"]);
  readonly #wall = this.#histogram(
    "execution_seconds",
    "Running time inside the sandbox",
    "language",
  );
  readonly #compiles = this.#counter(
    "compilations_total",
    "Programs of compiled languages, by whether they had been compiled before",
    ["language", "cache"],
  );
  readonly #compileTimes = this.#histogram("compile_seconds", "Compiling time", "language");
  readonly #takes = this.#counter(
    "sandbox_takes_total",
    "Sandboxes handed out: the account's own or an unused one, at once or after a wait",
    ["kind", "sandbox", "when"],
  );
  readonly #wait = this.#histogram("queue_seconds", "Waiting for a sandbox", "kind");
  readonly #refusals = this.#counter("refusals_total", "Callers that heard busy", ["kind"]);
  readonly #startTimes = this.#histogram("sandbox_start_seconds", "From nothing to warm", "kind");
  readonly #startFailures = this.#counter("sandbox_start_failures_total", "Failed starts", [
    "kind",
  ]);
  readonly #ends = this.#counter("sandbox_ends_total", "Sandboxes removed, and why", [
    "kind",
    "reason",
  ]);

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
  }

  /** What the pool is to be given, so that what happens in it is counted. */
  readonly events: PoolEvents = {
    taken: (kind, { isOwn, waitedMs, when }) => {
      this.#takes.inc({ kind, sandbox: isOwn ? "own" : "unused", when });
      this.#wait.observe({ kind }, waitedMs / 1000);
    },
    refused: (kind) => this.#refusals.inc({ kind }),
    started: (kind, ms) => this.#startTimes.observe({ kind }, ms / 1000),
    startFailed: (kind) => this.#startFailures.inc({ kind }),
    ended: (kind, reason) => this.#ends.inc({ kind, reason }),
  };

  /** Lets the gauges be read off `gauged`. */
  watch(gauged: Gauged): void {
    const waiting: Gauge = new Gauge({
      name: `${PREFIX}waiting`,
      help: "Callers in line for a sandbox",
      registers: [this.#registry],
      collect: () => waiting.set(gauged.waiting()),
    });
    const sandboxes: Gauge = new Gauge({
      name: `${PREFIX}sandboxes`,
      help: "Sandboxes by what they are doing; those unowned are among those idle",
      labelNames: ["kind", "state"],
      registers: [this.#registry],
      collect: () => {
        for (const kind of SANDBOX_KINDS) {
          const levels = Object.entries(gauged.count(kind));
          for (const [state, count] of levels) sandboxes.set({ kind, state }, count);
        }
      },
    });
  }

  /** Counts what comes of one execution, and passes it on. */
  async count(language: LanguageId, work: Promise<ExecutionReport>): Promise<ExecutionReport> {
    try {
      const report = await work;
      const { run, compile } = report;
      this.#executions.inc({ language, outcome: outcomeOf(report) });
      if (run !== undefined) this.#wall.observe({ language }, run.wallMs / 1000);
      if (compile !== undefined)
        this.#compiles.inc({ language, cache: compile.isCached ? "hit" : "miss" });
      if (compile?.isCached === false)
        this.#compileTimes.observe({ language }, compile.wallMs / 1000);
      return report;
    } catch (thrown) {
      this.#failures.inc({ code: asFailure(thrown).code });
      throw thrown;
    }
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** A server of `GET /metrics`, to be told where to listen. */
  createServer(): Server {
    return createServer(async (request, response) => {
      if (request.method !== "GET" || request.url !== "/metrics") {
        response.writeHead(404).end();
        return;
      }
      response.setHeader("Content-Type", this.#registry.contentType);
      response.end(await this.text().catch((thrown) => `# ${thrown}\n`));
    });
  }

  #counter(name: string, help: string, labelNames: string[]) {
    return new Counter({ name: PREFIX + name, help, labelNames, registers: [this.#registry] });
  }

  #histogram(name: string, help: string, label: "kind" | "language") {
    const labels = { labelNames: [label], buckets: BUCKETS, registers: [this.#registry] };
    return new Histogram({ name: PREFIX + name, help, ...labels });
  }
}
