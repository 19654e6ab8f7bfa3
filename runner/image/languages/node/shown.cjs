// What a cell shows besides its output: its value, and what it asks to be displayed.

"use strict";

const { inspect } = require("node:util");

const { stringify } = JSON;
const { from } = Buffer;

const TYPES = [
  "text/plain",
  "text/html",
  "text/markdown",
  "text/latex",
  "application/json",
  "image/png",
  "image/jpeg",
  "image/svg+xml",
];
/** An object may have a method by this name that returns its forms, by media type. */
const DISPLAY = Symbol.for("coderunner.display");
/** All that one cell may show is as large as this; a form that is larger is left out. */
const FORM_BYTES_MAX = 7 * 1024 * 1024;

/** Writes one value, as text and in whatever other forms it has, for the runner. */
exports.show = (native, kind, value) => {
  const data = { "text/plain": inspect(value) };
  for (const [type, form] of Object.entries(formsOf(value))) {
    if (TYPES.includes(type)) data[type] = typeof form === "string" ? form : stringify(form);
  }
  const kept = Object.entries(data).filter(([, form]) => form.length < FORM_BYTES_MAX);
  native.show(from(`${stringify({ kind, data: Object.fromEntries(kept) })}\n`));
};

function formsOf(value) {
  const forms = value?.[DISPLAY];
  return typeof forms === "function" ? (Reflect.apply(forms, value, []) ?? {}) : {};
}

/** The global function of the same name. */
exports.display = function display(...values) {
  for (const value of values) exports.show(require("./native.node"), "display", value);
};
