// Makes of a cell's text what V8 evaluates as a script: types are blanked out, `import` and `export`
// become what a script may say, and an object literal at the end is one. Nothing changes its line, and
// little its column. Most cells need none of it and are passed on as they are.

"use strict";

const Module = require("node:module");
const { SourceMap } = Module;
const vm = require("node:vm");

const IS_TYPESCRIPT = process.argv[1].endsWith(".ts");
const DECLARED = /^Identifier '(.+)' has already been declared$/;

/** What is to be evaluated, and what is needed to speak of it. */
exports.compile = ({ text, number, name }) => {
  const shownName = name ? `/workspace/${name}` : `<cell-${number}>`;
  const cell = { text, shownName, map: undefined };
  let code = IS_TYPESCRIPT ? withoutTypes(cell) : text;
  if (code.startsWith("#!")) code = `//${code.slice(2)}`;
  if (/\b(?:import|export)\b/.test(code)) code = asScript(code);
  code = withLet(code);
  return finished(cell, endsWithObject(code) ?? code);
};

/**
 * Another form of what V8 would not compile, or undefined. A name that was a function's may become a
 * constant's, and the other way about.
 */
exports.recompile = (cell, error) => {
  const [, name] = DECLARED.exec(error.message) ?? [];
  if (name === undefined || cell.changed?.includes(name)) return undefined;
  const code = redeclared(cell.code, name);
  return code === undefined || code === cell.code
    ? undefined
    : finished({ ...cell, changed: [...(cell.changed ?? []), name] }, code);
};

function finished(cell, code) {
  const url = cell.shownName.replace(/[\s"'%]/g, encodeURIComponent);
  return { ...cell, code, expression: `${code}\n//# sourceURL=${url}`, url };
}

// ---- types ----

function withoutTypes(cell) {
  const { stripTypeScriptTypes } = Module;
  try {
    return stripTypeScriptTypes(cell.text);
  } catch (error) {
    if (error.code !== "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") throw located(error, cell);
  }
  try {
    const options = { mode: "transform", sourceMap: true, sourceUrl: cell.shownName };
    const code = stripTypeScriptTypes(cell.text, options);
    const [, data] =
      /\n\/\/# sourceMappingURL=data:application\/json;base64,(\S+)/.exec(code) ?? [];
    if (data) cell.map = new SourceMap(JSON.parse(Buffer.from(data, "base64").toString("utf8")));
    return code
      .replace(/\n\/\/# source(?:MappingURL|URL)=.*/g, "")
      .replace(/\nexport {\s*};?\s*$/, "");
  } catch (error) {
    throw located(error, cell);
  }
}

function located(error, cell) {
  error.cell = cell;
  return error;
}

// ---- object literals ----

/** With its last statement in parentheses if that is an object literal, which would be a block. */
function endsWithObject(code) {
  if (!/}\s*$/.test(code)) return undefined;
  const starts = /^\s*{/.test(code) ? [code.search(/\S/)] : [];
  const last = code.lastIndexOf("\n{");
  if (last >= 0 && !/(?:\)|\b(?:else|do|try|finally|=>)|=|,|\()\s*$/.test(code.slice(0, last)))
    starts.push(last + 1);
  for (const at of starts) {
    const tail = code.slice(at).trimEnd();
    if (isExpression(tail)) return `${code.slice(0, at)}(${tail})`;
  }
  return undefined;
}

function isExpression(text) {
  try {
    new vm.Script(`async () => (${text}\n)`);
    return true;
  } catch {
    return false;
  }
}

// ---- constants ----

/**
 * With `let` for each `const` at the top, because V8 lets a constant be declared anew as a constant only.
 * The parser is asked where a line alone does not tell what is a statement of its own.
 */
function withLet(code) {
  if (!/(?:^|[;}])[^\S\n]*const\b/m.test(code)) return code;
  const isPlain = code.split("\n").every((line) => line.split("`").length % 2 === 1);
  if (isPlain && !/[;}][^\S\n]*const\b/.test(code))
    return code.replace(/^const(?=\s*[[{]|\s+[\w$\u0080-\uffff])/gm, "let  ");
  let edited = code;
  for (const { type, kind, start } of tryToParse(code)?.body ?? []) {
    if (type !== "VariableDeclaration" || kind !== "const") continue;
    edited = `${edited.slice(0, start)}let  ${edited.slice(start + "const".length)}`;
  }
  return edited;
}

// ---- imports and exports ----

let parser;

/** The parser that comes with Node, which has it for its own console. */
function parse(code, options) {
  if (parser === undefined) {
    const module = { exports: {} };
    const source = process.binding("natives")["internal/deps/acorn/acorn/dist/acorn"];
    vm.compileFunction(source, ["module", "exports"])(module, module.exports);
    parser = module.exports;
  }
  return parser.parse(code, { ecmaVersion: "latest", allowAwaitOutsideFunction: true, ...options });
}

function tryToParse(code) {
  for (const sourceType of ["module", "script"]) {
    try {
      return parse(code, { sourceType });
    } catch {}
  }
  return undefined;
}

/** Leaves what cannot be parsed to V8, which says what is wrong with it. */
function asScript(code) {
  const tree = tryToParse(code);
  if (tree === undefined) return code;
  const edits = [];
  visit(tree, (node) => {
    const edit = EDITS[node.type]?.(node, code);
    if (edit !== undefined) edits.push(edit);
  });
  edits.sort((a, b) => b.start - a.start);
  let edited = code;
  for (const { start, end, text } of edits) {
    const lines = code.slice(start, end).split("\n").length - text.split("\n").length;
    edited = edited.slice(0, start) + text + "\n".repeat(Math.max(0, lines)) + edited.slice(end);
  }
  return edited;
}

function visit(node, seen) {
  if (node === null || typeof node !== "object") return;
  if (Array.isArray(node)) {
    for (const each of node) visit(each, seen);
    return;
  }
  if (typeof node.type === "string") seen(node);
  for (const key in node) if (key !== "type") visit(node[key], seen);
}

const EDITS = {
  ImportDeclaration: (node) => ({ ...rangeOf(node), text: `${imported(node)};` }),
  ImportExpression: ({ start }) => ({ start, end: start + "import".length, text: "__import__" }),
  MetaProperty: (node, code) => {
    const isImport = code.startsWith("import", node.start);
    return isImport ? { ...rangeOf(node), text: "__meta__" } : undefined;
  },
  ExportNamedDeclaration: (node) => {
    if (node.declaration) return { start: node.start, end: node.declaration.start, text: "" };
    const text = node.source ? `await __import__(${node.source.raw});` : ";";
    return { ...rangeOf(node), text };
  },
  ExportAllDeclaration: (node) => ({
    ...rangeOf(node),
    text: `await __import__(${node.source.raw});`,
  }),
  ExportDefaultDeclaration: ({ start, declaration }) => {
    const isNamed = /Declaration$/.test(declaration.type) && declaration.id;
    return { start, end: declaration.start, text: isNamed ? "" : "exports.default=" };
  },
};

function rangeOf({ start, end }) {
  return { start, end };
}

function imported({ specifiers, source, attributes }) {
  const options = attributes?.length
    ? `{with:{${attributes.map(({ key, value }) => `${key.raw ?? key.name}:${value.raw}`)}}}`
    : "undefined";
  const whole = specifiers.find(({ type }) => type === "ImportNamespaceSpecifier");
  const named = specifiers.filter((each) => each !== whole);
  const nameOf = ({ type, imported: name }) =>
    type === "ImportDefaultSpecifier" ? "default" : (name.name ?? name.value);
  // A type's name is asked for like any other, so only a script's own names can be held against it.
  const wanted = IS_TYPESCRIPT ? "" : `,${JSON.stringify(named.map(nameOf))}`;
  const call = `await __import__(${source.raw},${options}${wanted})`;
  const pairs = named.map((each) => `${JSON.stringify(nameOf(each))}:${each.local.name}`);
  if (whole === undefined) return pairs.length === 0 ? call : `const {${pairs}}=${call}`;
  const rest = pairs.length === 0 ? "" : `,{${pairs}}=${whole.local.name}`;
  return `const ${whole.local.name}=${call}${rest}`;
}

// ---- declarations of another kind ----

function redeclared(code, name) {
  const declarations = (tryToParse(code)?.body ?? []).filter((node) => declares(node, name));
  if (declarations.length !== 1) return undefined;
  const [{ type, kind, start, end, declarations: parts }] = declarations;
  const before = code.slice(0, start);
  const text = code.slice(start, end);
  const after = code.slice(end);
  if (type === "FunctionDeclaration") return `${before}let ${name}=${text};${after}`;
  if (type === "ClassDeclaration") return `${before}var ${name}=${text}${after}`;
  const other = kind === "var" ? "let" : "var";
  let changed = "";
  parts.forEach((part, at) => {
    const gap = code.slice(at === 0 ? start + kind.length : parts[at - 1].end, part.start);
    const own = binds(part.id, name) ? other : kind;
    const space = gap.replace(",", "") || " ";
    changed += `${at === 0 ? "" : ";"}${own}${space}${code.slice(part.start, part.end)}`;
  });
  return `${before}${changed}${code.slice(parts.at(-1).end, end)}${after}`;
}

function declares(node, name) {
  if (node.type === "VariableDeclaration")
    return node.declarations.some(({ id }) => binds(id, name));
  return /^(?:Function|Class)Declaration$/.test(node.type) && node.id?.name === name;
}

function binds(pattern, name) {
  let isBound = false;
  visit(pattern, (node) => {
    isBound ||= node.type === "Identifier" && node.name === name;
  });
  return isBound;
}
