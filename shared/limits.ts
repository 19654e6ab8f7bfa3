// Every size, time and count of the product, each in one place with its unit in its name.
// Schemas, Docker limits, timers and the README's table are derived from here and never restate a
// number. The relations between the numbers are asserted when the module loads, so a change that
// breaks one stops both the gateway and the runner at start rather than in front of a user.

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
export const DAY_MS = 24 * 60 * MINUTE_MS;

/** Longest source text of one program, in UTF-8 bytes. */
export const CODE_BYTES_MAX = 100 * KIB;
/** Longest standard input of one execution, in UTF-8 bytes. */
export const STDIN_BYTES_MAX = 1 * MIB;
/** Most arguments of one program, and their length in UTF-8 bytes, all together. */
export const ARGS_MAX = 64;
export const ARGS_BYTES_MAX = 32 * KIB;
/** Largest single file a program may write, or a caller may send. */
export const FILE_BYTES_MAX = 10 * MIB;
/** Most files one request may send. */
export const FILES_MAX = 64;
/** All files of one request together: one of the largest, and a program around it. */
export const FILES_BYTES_MAX = 11 * MIB;
/** Longest name of a file inside the workspace, in UTF-8 bytes. */
export const FILE_NAME_BYTES_MAX = 255;
/** Longest version selector. */
export const VERSION_SELECTOR_BYTES_MAX = 128;
/** Longest version that a tool may say it has. */
export const TOOL_VERSION_BYTES_MAX = 64;
/** What is kept of each output stream; the rest is counted and dropped. */
export const OUTPUT_BYTES_MAX = 512 * KIB;
/** A program that has written this much in all is stopped. */
export const OUTPUT_STOP_BYTES = 64 * MIB;
/** Resident memory of a program and everything it started. */
export const MEMORY_BYTES_MAX = 256 * MIB;
/** The same of a compiler, which needs more than most of what it makes. */
export const COMPILE_MEMORY_BYTES_MAX = 512 * MIB;
/** Processes and threads of one program. */
export const PROCESSES_MAX = 64;
/** Open descriptors of one process. */
export const DESCRIPTORS_MAX = 256;
/** Disk a program may fill: its workspace, and as much again for temporary files. */
export const WORKSPACE_BYTES_MAX = 64 * MIB;
/** Largest file a compiler may write. */
export const COMPILE_FILE_BYTES_MAX = WORKSPACE_BYTES_MAX;
/** Largest built program that is kept, so that the same sources need not be compiled again. */
export const PROGRAM_KEPT_BYTES_MAX = 16 * MIB;

/** Shortest and longest time one execution may ask for, and what it gets when it asks for nothing. */
export const RUN_TIMEOUT_MS_MIN = 1;
export const RUN_TIMEOUT_MS_MAX = 30 * SECOND_MS;
export const RUN_TIMEOUT_MS_DEFAULT = RUN_TIMEOUT_MS_MAX;

/** The same for the run_timeout of `/v1`. */
export const LONG_RUN_TIMEOUT_MS_MAX = 5 * MINUTE_MS;
export const LONG_RUN_TIMEOUT_MS_DEFAULT = LONG_RUN_TIMEOUT_MS_MAX;
/** The same for a compiler, on every face. */
export const COMPILE_TIMEOUT_MS_MAX = MINUTE_MS;
export const COMPILE_TIMEOUT_MS_DEFAULT = COMPILE_TIMEOUT_MS_MAX;

/** What programs written for Piston get when they ask for no time. */
export const PISTON_RUN_TIMEOUT_MS_DEFAULT = 3 * SECOND_MS;
export const PISTON_COMPILE_TIMEOUT_MS_DEFAULT = 10 * SECOND_MS;

/** How long a request may wait at a runner for a sandbox before the runner answers `busy`. */
export const QUEUE_WAIT_MS_MAX = 5 * SECOND_MS;
/** How long past its own deadline a sandbox may stay silent before the runner calls it a fault. */
export const SANDBOX_GRACE_MS = 2 * SECOND_MS;
/** How long cleaning a sandbox, or reading a file out of it, may take before that is a fault. */
export const SANDBOX_CLEAN_MS_MAX = 5 * SECOND_MS;
/** How long past all of an execution's own times the gateway waits for a runner's answer. */
export const RUNNER_REQUEST_GRACE_MS = 12 * SECOND_MS;
/** How long past the last moment of that wait an unresolved hold returns its credits by itself. */
export const HOLD_GRACE_MS = 30 * SECOND_MS;
/** What the gateway tells a caller to wait when no sandbox is free. */
export const BUSY_RETRY_AFTER_MS = 1 * SECOND_MS;
/** How far the clocks of gateway and runner may be apart, and how long a nonce is remembered. */
export const SIGNATURE_AGE_MS_MAX = 60 * SECOND_MS;
/** How long the gateway believes a runner's last word about its health. */
export const HEALTH_CACHE_MS = 5 * SECOND_MS;
/** How long the gateway waits for a runner to say how it is. */
export const HEALTH_REQUEST_MS_MAX = 3 * SECOND_MS;

/** Largest request body the gateway or a runner reads. */
export const REQUEST_BODY_BYTES_MAX = 16 * MIB;
/** Largest answer the gateway reads from a runner. */
export const ANSWER_BYTES_MAX = 24 * MIB;
/** Longest URL path the gateway routes. */
export const PATH_BYTES_MAX = 2 * KIB;

/** What a new key may run before it has to buy. */
export const FREE_CREDITS = 50;
/** One credit covers this much running time; each further such span begun costs one more. */
export const CREDIT_SPAN_MS = 30 * SECOND_MS;
/** Largest grant an operator may make in one call, so that a slip of the hand stays repairable. */
export const GRANT_CREDITS_MAX = 10_000_000;
/** Executions a minute, by plan. */
export const RATE_PER_MINUTE = { free: 10, pro: 120 } as const;
/** Highest rate an operator may give one account. */
export const RATE_PER_MINUTE_MAX = 1_000_000;
/** The span over which executions are counted for the rate limit. */
export const RATE_WINDOW_MS = MINUTE_MS;
/** Keyless demo runs one client address may make in a day. */
export const DEMO_RUNS_PER_DAY = 50;
/** Instant keys one client address may make in a day. */
export const INSTANT_KEYS_PER_DAY = 20;
/** The span over which demo runs and instant keys are counted. */
export const VISITOR_WINDOW_MS = DAY_MS;

/** Keys an account may have that are not to end by themselves; as many more may be on their way out. */
export const KEYS_MAX = 20;
/** Keys that are remembered, with those that open nothing any more. */
export const KEYS_KEPT_MAX = 100;
/** Longest name of a key. */
export const KEY_NAME_CHARACTERS_MAX = 100;
/** How long a key that was replaced may be left to work. */
export const KEY_GRACE_MS_MAX = DAY_MS;
/** How often at most it is noted that a key is in use. */
export const KEY_USE_NOTED_MS = MINUTE_MS;
/** Most entries of a ledger that are told of at once, and how many when no number is asked for. */
export const LISTED_ENTRIES_MAX = 200;
export const LISTED_ENTRIES_DEFAULT = 50;

/** Least a deposit must bring, in micro-USDC; what is less is not credited. */
export const DEPOSIT_MICRO_MIN = 10_000;
/** Most a deposit may bring without an operator's word, in micro-USDC. */
export const DEPOSIT_MICRO_MAX = 10_000_000_000;
/** From this on a deposit needs a second node's word, or, where there is none, the chain's finality. */
export const DEPOSIT_MICRO_LARGE = 100_000_000;
/** Claims of deposits an account may make in a minute: each asks a node that costs money. */
export const DEPOSIT_CLAIMS_PER_MINUTE = 30;
/** Deposits that are told of at once, newest first. */
export const LISTED_DEPOSITS_MAX = 100;
/** How long a node of a chain may take to answer one question, and how long its answer may be. */
export const RPC_MS_MAX = 5 * SECOND_MS;
export const RPC_BYTES_MAX = 8 * MIB;
/** What a caller is told to wait when a node does not answer as it should. */
export const RPC_RETRY_AFTER_MS = 10 * SECOND_MS;
/** How long after it was credited it is looked again whether a deposit is safe, and then final; and how often from then on. */
export const DEPOSIT_SAFE_MS = 3 * MINUTE_MS;
export const DEPOSIT_SAFE_AGAIN_MS = MINUTE_MS;
export const DEPOSIT_FINAL_MS = 30 * MINUTE_MS;
export const DEPOSIT_FINAL_AGAIN_MS = 5 * MINUTE_MS;
/** How long it is watched whether a chain takes in again what it has dropped. */
export const DEPOSIT_GONE_MS = DAY_MS;
/** Between two tries to do what has failed: the first time, and at most. */
export const DEPOSIT_RETRY_MS = 5 * SECOND_MS;
export const DEPOSIT_RETRY_MS_MAX = 10 * MINUTE_MS;
/** How often chains are searched for deposits that nobody has claimed. */
export const SCAN_EVERY_MS = 15 * SECOND_MS;
/** What one question about transfers may cover, and how many there may be in one search. */
export const SCAN_BLOCKS_MAX = 500;
export const SCAN_ADDRESSES_MAX = 200;
export const SCAN_QUESTIONS_MAX = 200;
/** Blocks that are searched again each time, for what a short reorganisation has moved. */
export const SCAN_OVERLAP_BLOCKS = 60;
/** How long an address is searched for after its owner has last asked for it; claims need no search. */
export const ADDRESS_WATCHED_MS = 90 * DAY_MS;

/** Largest header that a payment may come in, and largest signature in one. */
export const PAYMENT_HEADER_BYTES_MAX = 8 * KIB;
export const PAYMENT_SIGNATURE_BYTES_MAX = 1 * KIB;
/** Least and most that can be paid over HTTP at once, and what is asked for where nobody said how much. */
export const PAYMENT_MICRO_MIN = 10_000;
export const PAYMENT_MICRO_MAX = 1_000_000_000;
export const PAYMENT_MICRO_DEFAULT = 1_000_000;
/** A smaller amount that is offered beside it; older clients pay no more by themselves. */
export const PAYMENT_MICRO_SMALL = 100_000;
/** For how long a payment is signed; how far a payer's clock may be ahead; what must be left of it. */
export const PAYMENT_VALID_MS = 2 * MINUTE_MS;
export const PAYMENT_CLOCK_MS = 30 * SECOND_MS;
export const PAYMENT_LEFT_MS_MIN = 6 * SECOND_MS;
/** Payments an address, an account or a payer may present in a minute. */
export const PAYMENTS_PER_MINUTE = 30;
/** How long a facilitator may take, and how much it may say; and how long its transaction is looked for. */
export const FACILITATOR_MS_MAX = 20 * SECOND_MS;
export const FACILITATOR_BYTES_MAX = 256 * KIB;
export const PAYMENT_FOUND_MS_MAX = 10 * SECOND_MS;
/** How long a payment that is being settled is left to whoever does it. */
export const PAYMENT_LEASE_MS = 60 * SECOND_MS;
/** What a caller is told to wait when it is not known yet what became of a payment. */
export const PAYMENT_RETRY_AFTER_MS = 3 * SECOND_MS;
/** When it is looked at again whether a payment is still there: when it should be safe, and final. */
export const PAYMENT_SAFE_AFTER_MS = 3 * MINUTE_MS;
export const PAYMENT_FINAL_AFTER_MS = 30 * MINUTE_MS;
/** How long the answer to a paid execution is kept for a payer who lost it, and how large it may be. */
export const PAID_ANSWER_KEPT_MS = DAY_MS;
export const PAID_ANSWER_BYTES_MAX = 1 * MIB;
/** Shortest and longest secret by which a payer may ask again for what was paid for. */
export const PAYER_SECRET_CHARACTERS_MIN = 16;
export const PAYER_SECRET_CHARACTERS_MAX = 255;

/** How long a sandbox that has served an account waits for that account's next job. */
export const SANDBOX_IDLE_MS_MAX = MINUTE_MS;
/** A waiting sandbox is frozen once it has been idle this long. */
export const FREEZE_AFTER_MS = 2 * SECOND_MS;
/** A sandbox is replaced after this many jobs, so that nothing can build up in one. */
export const SANDBOX_JOBS_MAX = 200;

/** How long a session waits for its next use before it is gone; every use begins it anew. */
export const SESSION_IDLE_MS_MAX = 10 * MINUTE_MS;
/** How long it is known what became of a session that is gone. */
export const SESSION_MEMORY_MS = DAY_MS;
/** Live sessions of one account: those it has asked for, and those that are only kept while there is room. */
export const SESSIONS_MAX = 20;
export const IMPLICIT_SESSIONS_MAX = 4;
/** Calls a minute to an account's sessions, their files and what runs, other than executions. */
export const SESSION_CALLS_PER_MINUTE = 600;
/** Most sessions that are told of at once, and how many when no number is asked for. */
export const LISTED_SESSIONS_MAX = 100;
export const LISTED_SESSIONS_DEFAULT = 20;
/** Messages in one request to the tools, where their protocol allows more than one. */
export const MCP_MESSAGES_MAX = 16;
/** How long somebody may listen there for changes, of which there are none. */
export const MCP_LISTENING_MS_MAX = 1 * MINUTE_MS;
/** How long a client may go by the list of tools it has. */
export const MCP_TOOLS_AGE_MS_MAX = 60 * MINUTE_MS;
/** When it is looked for what is to be cancelled, which anybody may ask for; */
export const CANCEL_FINDS_MS = [0, 100, 400] as const;
/** and when it is tried to interrupt what was found, which may wait for a sandbox still. */
export const CANCEL_WAITS_MS = [0, 50, 100, 200, 400, 800, 1600, 3200] as const;
/** How long one file may take on its way into a session or out of it. */
export const FILE_TRANSFER_MS_MAX = 5 * MINUTE_MS;
/** Executions that may wait in one session for the one that runs. */
export const SESSION_QUEUE_MAX = 8;
/** How long a program that was interrupted, for its time or its caller, has to end by itself. */
export const INTERRUPT_GRACE_MS = 1 * SECOND_MS;
/** Entries of one directory listing, and patterns of files to bring back from one execution. */
export const LISTED_FILES_MAX = 1000;
export const OUTPUT_PATTERNS_MAX = 16;
/** Values and pictures one execution may show, all together; what is more is left out, and told. */
export const RESULT_BYTES_MAX = 8 * MIB;
export const RESULTS_MAX = 64;
/** How often a stream that has nothing to say says so, which is also how it is found that nobody hears it. */
export const HEARTBEAT_MS = 3 * SECOND_MS;
/** How long a runner keeps what came of an execution whose caller has left. */
export const DETACHED_REPORT_MS = 10 * MINUTE_MS;

/** Packages one session may ask for of each kind, and how long one requirement may be. */
export const PACKAGES_ASKED_MAX = 32;
export const PACKAGE_REQUIREMENT_BYTES_MAX = 200;
/** Packages that may come of it, with what they depend on. */
export const PACKAGES_CHOSEN_MAX = 250;
/** Largest archive of a package, and all archives together. */
export const PACKAGE_ARCHIVE_BYTES_MAX = 32 * MIB;
export const PACKAGES_ARCHIVED_BYTES_MAX = 48 * MIB;
/** What all packages of one request may take of the workspace, in pages and in entries. */
export const PACKAGES_BYTES_MAX = 48 * MIB;
export const PACKAGES_ENTRIES_MAX = 12_000;
/** What may be read of an index while packages are chosen: of one answer, in all, and how often. */
export const PACKAGE_INDEX_BYTES_MAX = 32 * MIB;
export const PACKAGE_INDEXES_BYTES_MAX = 128 * MIB;
export const PACKAGE_READS_MAX = 2000;
/** How long getting packages may take, from the request to the last file. */
export const PACKAGES_MS_MAX = 45 * SECOND_MS;
/** How long an account's executions are remembered, and how many of them, the newest. */
export const HISTORY_MS = 30 * DAY_MS;
export const HISTORY_EXECUTIONS_MAX = 10_000;
/** What is kept of one execution's outputs, compressed, and of all of an account's; the oldest go first. */
export const HISTORY_OUTPUT_BYTES_MAX = 4 * MIB;
export const HISTORY_BYTES_MAX = 256 * MIB;
/** Outputs are kept in pieces of this size, and compressed when they are longer than so much. */
export const HISTORY_PIECE_BYTES = 256 * KIB;
export const HISTORY_COMPRESSED_BYTES_MIN = 1 * KIB;
/** Executions that are forgotten in one go, so that no other call waits for long. */
export const HISTORY_FORGOTTEN_AT_ONCE = 500;
/** Most executions that are told of at once, and how many when no number is asked for. */
export const LISTED_EXECUTIONS_MAX = 100;
export const LISTED_EXECUTIONS_DEFAULT = 20;

/** How long it is known what was answered under an Idempotency-Key, and how long such a key may be. */
export const IDEMPOTENCY_MS = DAY_MS;
export const IDEMPOTENCY_KEY_CHARACTERS_MAX = 255;
/** The shortest where the answer is a secret, so that nobody guesses it. */
export const SECRET_IDEMPOTENCY_KEY_CHARACTERS_MIN = 16;
/** How long a request waits for the first of its kind, looking ever more rarely. */
export const IDEMPOTENCY_WAITS_MS = [50, 100, 200, 400, 800, 1600, 3200] as const;
/** What it is told to wait after that. */
export const IDEMPOTENCY_RETRY_AFTER_MS = 2 * SECOND_MS;

/** How long the answer to a detached execution waits for the runner to take it on. */
export const DETACHED_ANSWER_MS_MAX = 2 * SECOND_MS;
/** When somebody first looks after a detached execution that was not heard of, and how often then. */
export const FOLLOW_FIRST_MS = 40 * SECOND_MS;
export const FOLLOW_EVERY_MS = 30 * SECOND_MS;
/** How many are looked after at once. */
export const ERRANDS_AT_ONCE = 20;
/** Longest address of a webhook, and how long its receiver may take to answer. */
export const WEBHOOK_URL_CHARACTERS_MAX = 2048;
export const WEBHOOK_MS_MAX = 10 * SECOND_MS;
/** How long after each failed delivery the next follows; after the last there is none. */
export const WEBHOOK_RETRIES_MS = [
  5 * SECOND_MS,
  MINUTE_MS,
  10 * MINUTE_MS,
  45 * MINUTE_MS,
] as const;
/** How long it is known how a delivery went. */
export const DELIVERY_MEMORY_MS = 7 * DAY_MS;

/** Throws when two limits contradict each other. `rule` is the sentence the log will show. */
function mustHold(holds: boolean, rule: string): void {
  if (!holds) throw new Error(`limits contradict each other: ${rule}`);
}

mustHold(RUN_TIMEOUT_MS_MIN >= 1, "a run lasts at least a millisecond");
mustHold(RUN_TIMEOUT_MS_DEFAULT <= RUN_TIMEOUT_MS_MAX, "the default timeout is allowed");
mustHold(RUN_TIMEOUT_MS_MAX <= LONG_RUN_TIMEOUT_MS_MAX, "the longest timeout is the longest");
mustHold(
  2 * SANDBOX_GRACE_MS + SANDBOX_CLEAN_MS_MAX < RUNNER_REQUEST_GRACE_MS,
  "a runner answers before the gateway stops waiting, though both stages end late and what was built is read slowly",
);
mustHold(COMPILE_FILE_BYTES_MAX >= PROGRAM_KEPT_BYTES_MAX, "what is kept can be made");
mustHold(
  MEMORY_BYTES_MAX <= COMPILE_MEMORY_BYTES_MAX,
  "a compiler gets at least a program's memory",
);
mustHold(OUTPUT_BYTES_MAX < OUTPUT_STOP_BYTES, "output is cut before it is stopped");
mustHold(CODE_BYTES_MAX <= FILE_BYTES_MAX, "a program fits in a file");
mustHold(FILE_BYTES_MAX < WORKSPACE_BYTES_MAX, "a file fits in the workspace");
mustHold(FILE_BYTES_MAX < FILES_BYTES_MAX, "the largest file is not all there may be");
mustHold(
  (FILES_BYTES_MAX * 4) / 3 + STDIN_BYTES_MAX < REQUEST_BODY_BYTES_MAX,
  "all files and the input fit in a request, also as base64",
);
mustHold(WORKSPACE_BYTES_MAX < MEMORY_BYTES_MAX, "a full workspace leaves memory to run in");
mustHold(
  // A byte of output is up to six in JSON; 1 MiB for names and sums of files, 1 MiB for all the rest.
  RESULT_BYTES_MAX + 4 * 6 * OUTPUT_BYTES_MAX + LISTED_FILES_MAX * 1024 + MIB < ANSWER_BYTES_MAX,
  "an answer has room for all a program may say and show, and for some of its files",
);
mustHold(FREEZE_AFTER_MS < SANDBOX_IDLE_MS_MAX, "an idle sandbox is frozen before it is removed");

mustHold(INTERRUPT_GRACE_MS < SANDBOX_GRACE_MS, "an interrupted program ends before it is a fault");
mustHold(FILE_TRANSFER_MS_MAX < SESSION_IDLE_MS_MAX, "a session outlasts a file's way into it");
mustHold(
  LISTED_SESSIONS_DEFAULT <= LISTED_SESSIONS_MAX,
  "the default number of sessions is allowed",
);
mustHold(2 * KEYS_MAX < KEYS_KEPT_MAX, "every key that works is remembered");
mustHold(LISTED_ENTRIES_DEFAULT <= LISTED_ENTRIES_MAX, "the default number of entries is allowed");
mustHold(SANDBOX_IDLE_MS_MAX < SESSION_IDLE_MS_MAX, "a session lasts longer than a spare sandbox");
mustHold(
  HISTORY_OUTPUT_BYTES_MAX <= HISTORY_BYTES_MAX,
  "one execution's outputs fit in the history",
);
mustHold(HISTORY_PIECE_BYTES < 2 * MIB, "a piece fits in a row of a Durable Object");
mustHold(
  LISTED_EXECUTIONS_DEFAULT <= LISTED_EXECUTIONS_MAX,
  "the default number of executions is allowed",
);
mustHold(
  IDEMPOTENCY_MS <= HISTORY_MS && IDEMPOTENCY_MS <= SESSION_MEMORY_MS,
  "what is answered again is still known",
);
mustHold(
  QUEUE_WAIT_MS_MAX < FOLLOW_FIRST_MS,
  "nobody looks after an execution before it is under way",
);

mustHold(PACKAGES_BYTES_MAX < WORKSPACE_BYTES_MAX, "packages leave room in the workspace");

/** The longest a runner may take to answer for an execution with these times of its own. */
export function answerMsMax(times: { runTimeoutMs: number; compileTimeoutMs: number }): number {
  return QUEUE_WAIT_MS_MAX + times.compileTimeoutMs + times.runTimeoutMs + RUNNER_REQUEST_GRACE_MS;
}
