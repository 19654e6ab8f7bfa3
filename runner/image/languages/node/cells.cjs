// A session of JavaScript or TypeScript: one cell after the other in one Node process. Each is
// evaluated by V8 in the mode that it has for consoles, through an inspector session of the same
// thread: declarations may be made anew, `await` may stand anywhere, and what the last statement comes
// to is the cell's value. A cell is over when the event loop has nothing left of it. Between two cells
// the process stands still, in a read of the control socket.
//
// What a cell leaves running when it is interrupted, fails or exits stays, and goes on during later
// cells; those do not wait for it.

"use strict";

const inspector = require("node:inspector");
const { readFileSync, writeSync } = require("node:fs");
const { inspect, types } = require("node:util");
const { describeError, remember } = require("./errors.cjs");
const modules = require("./modules.cjs");
const { show, display } = require("./shown.cjs");
const { compile, recompile } = require("./source.cjs");
const { changeStdin } = require("./stdin.cjs");
const native = require("./native.node");

const SOURCE = "/run/cell/source";
const MESSAGE_BYTES_MAX = 65536;
const NEVER_SETTLED = 13;
const FAILED = 1;
const INTERRUPTED = { code: 0, signal: 2 };
const SERVER = "TCPServerWrap";
const CONNECTION = "TCPSocketWrap";
/** How often a cell is looked at that began with something else still running. */
const LOOK_MS_MAX = 20;

// A program may put others in the place of these.
const { parse, stringify } = JSON;
const { clearTimeout, setImmediate, setTimeout } = globalThis;
const { apply } = Reflect;
const { from } = Buffer;
const { emit } = process;

const message = Buffer.alloc(MESSAGE_BYTES_MAX);
let connection;
let takerId;
let taken;
let lastId = 0;
let cell;
/** What runs on of earlier cells, by kind. */
let leftovers = new Map();

/** Runs what every cell needs, once and without a trace, so that the first is not slow. */
exports.warmUp = () => {
  connect();
  const compiled = compile({ text: "({ warm: [1, 'a'] })", number: 0, name: "" });
  ask("Runtime.evaluate", { expression: compiled.expression, replMode: true }, () => undefined);
  ask("Runtime.evaluate", { expression: "({ warm: 1 })" }, ({ result }) =>
    inspect(fetchValue(result)),
  );
  connection.disconnect();
  describeError(new Error("warm"), compiled);
};

/** Begins a session with its first cell, whose words are those of the control socket. */
exports.open = (words) => {
  connect();
  native.open(onWoken);
  Object.defineProperty(process, "emit", { value: heed, configurable: true, writable: true });
  process.reallyExit = (code) => leave({ code: code & 0xff, signal: 0 });
  for (const event of ["newListener", "removeListener"]) {
    process.on(event, (name) => name === "SIGINT" && native.arm());
  }
  modules.begin();
  Object.defineProperty(globalThis, "display", {
    value: display,
    configurable: true,
    writable: true,
  });
  begin(words);
};

/**
 * Connects with V8's inspector, and gives it a way to hand over a value itself. Node's own class for
 * this would be in the stack of every cell, so only the connection inside it is used, which the
 * inspector finds.
 */
function connect() {
  const session = new inspector.Session();
  session.connect();
  const found = reveal(session);
  connection = new found.constructor(hear);
  session.disconnect();
  Object.defineProperty(globalThis, "__take__", { value: take, configurable: true });
  ask("Runtime.evaluate", { expression: "__take__" }, ({ result }) => {
    takerId = result.objectId;
  });
  delete globalThis.__take__;
}

function reveal(session) {
  Object.defineProperty(globalThis, "__found__", { value: { session }, configurable: true });
  const post = (method, params) => {
    let answer;
    session.post(method, params, (_, result) => {
      answer = result;
    });
    return answer;
  };
  const { objectId } = post("Runtime.evaluate", { expression: "__found__.session" }).result;
  const { privateProperties } = post("Runtime.getProperties", { objectId, ownProperties: true });
  const { value } = privateProperties.find(({ name }) => name === "#connection");
  const functionDeclaration = "function () { __found__.connection = this; }";
  post("Runtime.callFunctionOn", { functionDeclaration, objectId: value.objectId });
  const { connection: inner } = globalThis.__found__;
  delete globalThis.__found__;
  return inner;
}

function take(value) {
  taken = value;
}

/** What to do with the answers that are still to come. */
const answers = { __proto__: null };

function question(method, params, onAnswer) {
  answers[++lastId] = onAnswer;
  return stringify({ id: lastId, method, params });
}

function ask(method, params, onAnswer) {
  connection.dispatch(question(method, params, onAnswer));
}

function hear(text) {
  const { id, result } = parse(text);
  const onAnswer = answers[id];
  delete answers[id];
  if (result !== undefined) onAnswer?.(result);
}

/** The value itself that the inspector has described. */
function fetchValue(description) {
  if (description.type === "undefined") return undefined;
  const { value, unserializableValue, objectId } = description;
  const functionDeclaration = "function (value) { this(value); }";
  const given = objectId ? { objectId } : unserializableValue ? { unserializableValue } : { value };
  ask("Runtime.callFunctionOn", { functionDeclaration, objectId: takerId, arguments: [given] });
  if (objectId) ask("Runtime.releaseObject", { objectId });
  const fetched = taken;
  taken = undefined;
  return fetched;
}

// ---- a cell's beginning ----

function begin([, number, input, name]) {
  cell = { name, number: Number(number), isEvaluated: false, value: undefined, outcome: undefined };
  process._exiting = false;
  process.exitCode = undefined;
  changeStdin(native, input === "input");
  try {
    modules.enter(name);
    const text = readFileSync(SOURCE, "utf8");
    evaluate(compile({ text, number: cell.number, name }));
  } catch (thrown) {
    fail(thrown);
  }
  if (leftovers.size > 0) lookLater();
}

function evaluate(compiled) {
  cell.compiled = compiled;
  remember(compiled);
  const { expression } = compiled;
  const now = cell;
  const onAnswer = (answer) => now === cell && evaluated(answer);
  const argument = question("Runtime.evaluate", { expression, replMode: true }, onAnswer);
  native.start({ receiver: connection, method: connection.dispatch, argument });
}

function evaluated({ result, exceptionDetails }) {
  if (exceptionDetails === undefined) return keep(fetchValue(result));
  const thrown = fetchValue(exceptionDetails.exception ?? result);
  // What has not been compiled has not run either, and may be put in other words.
  const isUncompiled = exceptionDetails.scriptId !== undefined && thrown instanceof SyntaxError;
  const other = isUncompiled ? recompile(cell.compiled, thrown) : undefined;
  if (other !== undefined) return evaluate(other);
  const { lineNumber, columnNumber } = exceptionDetails;
  fail(thrown, isUncompiled ? { line: lineNumber + 1, column: columnNumber + 1 } : undefined);
}

function keep(value) {
  cell.isEvaluated = true;
  // A directive is a statement like any other, and the last that comes to anything.
  cell.value = value === "use strict" ? undefined : value;
  if (!types.isPromise(value)) return;
  const now = cell;
  value.then((settled) => {
    now.value = settled;
  });
}

// ---- a cell's end ----

/** Prints what nobody has caught, which ends the cell as it would end a program. */
function fail(thrown, place) {
  if (cell.outcome !== undefined) return;
  if (native.isInterrupted()) return finish(INTERRUPTED);
  try {
    write(2, describeError(thrown, cell.compiled, place));
  } catch {
    write(2, "Uncaught error, which cannot be shown\n");
  }
  cell.value = undefined;
  finish({ code: FAILED, signal: 0 });
}

/** Has the cell end when the event loop takes its next turn. */
function finish(outcome) {
  cell.outcome ??= outcome;
  native.wake();
}

/** Ends the cell and does not come back, whatever the program would catch. */
function leave(outcome) {
  cell.outcome ??= outcome;
  cell.value = undefined;
  native.leave();
  for (;;);
}

/** Called by the event loop when somebody has asked for its attention. */
function onWoken() {
  if (cell.outcome !== undefined) return end(cell.outcome);
  if (!native.isInterrupted()) return;
  const interrupted = cell;
  interrupted.outcome = INTERRUPTED;
  interrupted.value = undefined;
  // A handler of the program's own for the signal comes first.
  if (process.listenerCount("SIGINT") > 0)
    setImmediate(() => cell === interrupted && end(cell.outcome));
  else end(interrupted.outcome);
}

/** Stands in for process.emit, to hear what ends a program. */
function heed(event, ...rest) {
  if (event === "uncaughtException") {
    if (!apply(emit, this, [event, ...rest])) fail(rest[0]);
    return true;
  }
  const isHeard = apply(emit, this, [event, ...rest]);
  if (event === "beforeExit" && !native.isAlive()) endOfWork();
  return isHeard;
}

function ownEnd() {
  return { code: Number(process.exitCode ?? 0) & 0xff, signal: 0 };
}

/** The event loop has nothing left. */
function endOfWork() {
  if (cell.outcome !== undefined) return end(cell.outcome);
  if (cell.isEvaluated) return end(ownEnd());
  write(2, `Warning: Detected unsettled top-level await at ${cell.compiled.shownName}\n`);
  end({ code: NEVER_SETTLED, signal: 0 });
}

function end(outcome) {
  if (native.settle()) outcome = INTERRUPTED;
  if (cell.value !== undefined && outcome.signal === 0) {
    try {
      show(native, "value", cell.value);
    } catch (thrown) {
      cell.outcome = undefined;
      fail(thrown);
      outcome = { code: FAILED, signal: 0 };
    }
  }
  if (native.hasBrokenOff()) repairTimers();
  leftovers = native.isAlive() ? running() : new Map();
  const length = native.exchange(outcome.code, outcome.signal, message);
  begin(wordsOf(message.toString("utf8", 0, length)));
}

function wordsOf(text) {
  const at = text.indexOf("\n");
  return text
    .slice(at + 1)
    .split("\0")
    .slice(0, Number(text.slice(0, at)));
}

// ---- what earlier cells left running ----

function running() {
  const counts = new Map();
  for (const kind of process.getActiveResourcesInfo())
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  // What a server has accepted runs on with it.
  if (leftovers.has(SERVER)) {
    const accepted = process._getActiveHandles().filter(({ server }) => server).length;
    counts.set(CONNECTION, Math.max(0, (counts.get(CONNECTION) ?? 0) - accepted));
  }
  return counts;
}

/**
 * Node counts the timers that keep it alive. What was broken off in a timer's callback is still
 * counted, and the others are no longer waited for; both are put right with a timer of our own.
 */
function repairTimers() {
  const counted = process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  if (counted === 0) return;
  const own = setTimeout(() => undefined, 1);
  const isCounted = Object.getOwnPropertySymbols(own).find(
    ({ description }) => description === "refed",
  );
  own.unref();
  const waiting = everyOne(Object.getPrototypeOf(own)).filter(
    (timer) => timer[isCounted] && timer._idleNext,
  );
  for (let extra = counted - waiting.length; extra > 0; extra--) {
    const more = setTimeout(() => undefined, 1).unref();
    more[isCounted] = true;
    clearTimeout(more);
  }
}

/** Every object there is with this prototype. */
function everyOne(prototype) {
  let found = [];
  Object.defineProperty(globalThis, "__found__", { value: prototype, configurable: true });
  ask("Runtime.evaluate", { expression: "__found__" }, ({ result }) => {
    ask("Runtime.queryObjects", { prototypeObjectId: result.objectId }, ({ objects }) => {
      found = fetchValue(objects);
    });
  });
  delete globalThis.__found__;
  return found;
}

/** Ends a cell that has nothing running but what was running before it. */
function lookLater(afterMs = 0) {
  const begun = cell;
  const look = () => {
    if (cell !== begun || cell.outcome !== undefined) return;
    const now = running();
    const isDone = [...now].every(([kind, count]) => count <= (leftovers.get(kind) ?? 0));
    for (const [kind, count] of leftovers) leftovers.set(kind, Math.min(count, now.get(kind) ?? 0));
    if (isDone && cell.isEvaluated) finish(ownEnd());
    else lookLater(Math.min(afterMs + 1, LOOK_MS_MAX));
  };
  setTimeout(look, afterMs).unref();
}

function write(descriptor, text) {
  const data = from(text);
  for (let at = 0; at < data.length; ) {
    try {
      at += writeSync(descriptor, data, at);
    } catch (error) {
      if (error.code !== "EAGAIN" && error.code !== "EINTR") return;
    }
  }
}
