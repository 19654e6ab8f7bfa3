// `history`: what has run, what runs, and what came of it.

import type { ExecutionQuery } from "../../../client/src/executions.ts";
import type { ExecutionSummary } from "../../../client/src/types.ts";
import { LANGUAGE_IDS } from "../../../shared/languages.ts";
import { COMPILE_ERROR, OUTCOME_NAMES } from "../../../shared/outcomes.ts";
import { type Command, wordAt } from "../command.ts";
import { exitOf } from "../execution.ts";
import { Stop } from "../exit.ts";
import { ago } from "../times.ts";

const LISTED_DEFAULT = 20;

export const listHistory: Command = {
  name: "history",
  summary: "List executions, the newest first.",
  flags: {
    limit: {
      short: "n",
      value: "COUNT",
      help: `How many; ${LISTED_DEFAULT} when not given.`,
      offer: "nothing",
    },
    lang: { short: "l", value: "LANGUAGE", help: "Only those in a language.", offer: LANGUAGE_IDS },
    outcome: {
      value: "OUTCOME",
      help: "Only those that ended so.",
      offer: [...OUTCOME_NAMES, COMPILE_ERROR],
    },
    session: { short: "s", value: "SESSION", help: "Only those in a session.", offer: "nothing" },
  },
  examples: [
    { does: "the last ones", line: "coderunner history" },
    {
      does: "what failed in Python",
      line: "coderunner history --lang python --outcome error -n 100",
    },
  ],
  run: async ({ client, values, output, interrupts: { signal } }) => {
    const most = countOf(values.text("limit"));
    const [language, outcome, sessionId] = ["lang", "outcome", "session"].map((name) =>
      values.text(name),
    );
    const query = {
      limit: Math.min(most, 100),
      ...(language !== undefined && { language }),
      ...(outcome !== undefined && { outcome: outcome as NonNullable<ExecutionQuery["outcome"]> }),
      ...(sessionId !== undefined && { sessionId }),
      signal,
    };
    const found: ExecutionSummary[] = [];
    for await (const execution of client.executions.list(query)) {
      found.push(execution);
      if (found.length >= most) break;
    }
    if (values.has("json")) return output.json(found);
    output.table(
      ["EXECUTION", "LANGUAGE", "WHEN", "STATE", "EXIT", "MS"],
      found.map((each) => [
        each.id,
        each.language,
        ago(each.created_at),
        each.outcome ?? each.state,
        each.code ?? each.signal,
        each.time_ms,
      ]),
    );
  },
};

export const showExecutionOf: Command = {
  name: "history show",
  summary: "Print what an execution printed, and exit as it did.",
  takes: "EXECUTION",
  flags: {
    wait: { short: "w", help: "Wait for its end." },
    quiet: { short: "q", help: "Print its stdout and nothing else." },
  },
  examples: [
    { does: "what came of it", line: "coderunner history show EXECUTION" },
    { does: "when it is over", line: "coderunner history show EXECUTION --wait" },
  ],
  run: async (context) => {
    const {
      client,
      values,
      output,
      interrupts: { signal },
    } = context;
    const id = wordAt(context, 0);
    if (values.has("wait")) await client.executions.wait(id, { signal }).catch(unlessFailed);
    const past = await client.executions.get(id, { signal });
    if (values.has("json")) output.json(past);
    if ("error" in past)
      throw new Stop("refused", `${id} came to nothing: ${past.error.message}`, past.error.code);
    if (past.state === "running") {
      if (!values.has("json"))
        output.failure(
          `${id} still runs; wait for it with --wait, or end it with \`coderunner history cancel ${id}\`.`,
        );
      return 0;
    }
    if (!values.has("json")) {
      if (past.outputs_dropped) output.failure("What it printed is not kept any more.");
      if (!values.has("quiet") && past.compile)
        process.stderr.write(`${past.compile.stdout}${past.compile.stderr}`);
      output.write(past.run?.stdout ?? "");
      if (!values.has("quiet")) process.stderr.write(past.run?.stderr ?? "");
    }
    return exitOf(past);
  },
};

export const cancelExecution: Command = {
  name: "history cancel",
  summary: "Interrupt an execution, as Ctrl-C would.",
  takes: "EXECUTION",
  flags: {},
  examples: [{ does: "one that runs by itself", line: "coderunner history cancel EXECUTION" }],
  run: async (context) => {
    const {
      client,
      values,
      output,
      interrupts: { signal },
    } = context;
    const interrupted = await client.executions.interrupt(wordAt(context, 0), { signal });
    if (values.has("json")) return output.json({ interrupted });
    output.line(interrupted ? "interrupted" : "it did not run any more");
  },
};

export const removeExecution: Command = {
  name: "history rm",
  summary: "Forget executions that are over; one that runs is ended, and stays.",
  takes: "[EXECUTIONS…]",
  flags: { all: { help: "All that are over." } },
  examples: [
    { does: "one of them", line: "coderunner history rm EXECUTION" },
    { does: "everything", line: "coderunner history rm --all" },
  ],
  run: async ({ client, words, values, output, interrupts: { signal } }) => {
    if (values.has("all") === words.length > 0)
      throw new Stop("usage", "Say which executions, or --all.");
    for (const id of words) await client.executions.remove(id, { signal });
    const removed = values.has("all") ? await client.executions.clear({ signal }) : words.length;
    if (values.has("json")) output.json({ removed });
  },
};

/** That an execution came to nothing is told by what is fetched next. */
function unlessFailed(thrown: unknown): void {
  const { executionId } = Object(thrown) as { executionId?: string };
  if (executionId === undefined) throw thrown;
}

function countOf(text: string | undefined): number {
  const count = Number(text ?? LISTED_DEFAULT);
  if (Number.isInteger(count) && count > 0) return count;
  throw new Stop("usage", `--limit ${text} is no number of executions; write one such as 50.`);
}
