// An error that nobody has caught, as Node prints one: the line it comes from with a mark below it, the
// error, and the stack as far as it is the program's.

"use strict";

const { readFileSync } = require("node:fs");
const { inspect, types } = require("node:util");

const FRAME = /^ {4}at .*?\(?((?:file:\/\/)?(?:\/|<cell-)[^()]*?):(\d+):(\d+)\)?(?: \{)?$/;
const OURS = /^ {4}at .*\/opt\/coderunner\//;
const TEXTS_MAX = 100;

/** The texts of cells by the names they have in stacks, and how their lines were changed. */
const cells = new Map();

/** `place` is where it is, for an error that has no frame of its own. */
exports.describeError = (thrown, cell, place) => {
  if (place) return `${marked(cell.shownName, cell.text, mapped(cell, place))}${headOf(thrown)}\n`;
  if (thrown?.cell) return `${untyped(thrown)}\n`;
  const text =
    types.isNativeError(thrown) || thrown instanceof Error ? described(thrown) : other(thrown);
  const lines = text.split("\n").filter((line) => !OURS.test(line));
  const translated = lines.map(translate);
  return `${markOf(translated)}${translated.join("\n")}\n`;
};

/** Remembers a cell, whose functions may fail in a later one. */
exports.remember = (cell) => {
  cells.set(cell.url, cell);
  if (cells.size > TEXTS_MAX) cells.delete(cells.keys().next().value);
};

function described(error) {
  return inspect(error, { colors: false });
}

/** What is no TypeScript; the place is at the head of the stack: a line's number and a mark below it. */
function untyped({ cell, message, stack }) {
  const [, line, blank] = /^[^:\n]*:(\d+)\n(?:.*\n)*?( *)\^+\n\n/.exec(stack) ?? [];
  const place = { line: Number(line), column: (blank?.length ?? 0) + 1 };
  return `${line ? marked(cell.shownName, cell.text, place) : ""}SyntaxError: ${message}`;
}

function headOf(error) {
  return `${error.name}: ${error.message}`;
}

function other(thrown) {
  return `Uncaught:\n${inspect(thrown)}`;
}

function translate(line) {
  const [, file, row, column] = FRAME.exec(line) ?? [];
  const cell = cells.get(file);
  if (cell?.map === undefined) return line;
  const place = mapped(cell, { line: Number(row), column: Number(column) });
  return line.replace(`${file}:${row}:${column}`, `${file}:${place.line}:${place.column}`);
}

function mapped(cell, place) {
  const found = cell.map?.findEntry(place.line - 1, place.column - 1);
  if (found?.originalLine === undefined) return place;
  return { line: found.originalLine + 1, column: found.originalColumn + 1 };
}

/** The mark for the first frame that is the program's. */
function markOf(lines) {
  const frame = lines.map((line) => FRAME.exec(line)).find((match) => match !== null);
  if (frame === undefined) return "";
  const [, file, row, column] = frame;
  const text = cells.get(file)?.text ?? read(file.replace(/^file:\/\//, "").split("?")[0]);
  return text === undefined
    ? ""
    : marked(file, text, { line: Number(row), column: Number(column) });
}

function read(path) {
  if (!path.startsWith("/workspace/")) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function marked(name, text, { line, column }) {
  const source = text.split("\n")[line - 1];
  if (source === undefined || source.length > 2000) return "";
  const blank = source.slice(0, column - 1).replace(/[^\t]/g, " ");
  return `${name}:${line}\n${source}\n${blank}^\n\n`;
}
