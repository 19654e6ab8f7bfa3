// A standard input for every cell: a new descriptor 0, and a new `process.stdin` on it when the program
// first asks for one. What a cell has left unread, or listens for, is gone with it.

"use strict";

const net = require("node:net");
const { Readable } = require("node:stream");

const INPUT = "/run/cell/stdin";
const NOTHING = "/dev/null";

let stream;
let isFed = false;

/** Gives the next cell its input, or none. */
exports.changeStdin = (native, hasInput) => {
  stream?.removeAllListeners();
  stream?.on("error", () => undefined);
  stream?.destroy();
  stream = undefined;
  isFed = hasInput;
  native.takeInput(hasInput ? INPUT : NOTHING, hasInput ? 1 : 0);
  const property = { get: stdin, configurable: true, enumerable: true };
  Object.defineProperty(process, "stdin", property);
};

function stdin() {
  stream ??= isFed ? open() : empty();
  return stream;
}

function empty() {
  const nothing = new Readable({ read: () => undefined });
  nothing.push(null);
  return Object.assign(nothing, { fd: 0 });
}

/** As Node makes its own: it neither reads nor keeps the program alive before somebody listens. */
function open() {
  const socket = new net.Socket({ fd: 0, readable: true, writable: false, manualStart: true });
  socket._type = "pipe";
  socket.fd = 0;
  stopReading(socket);
  socket.on("pause", () => {
    if (!socket._handle?.reading) return;
    stopReading(socket);
  });
  return socket;
}

function stopReading(socket) {
  if (!socket._handle?.readStop) return;
  socket._handle.reading = false;
  socket._readableState.reading = false;
  socket._handle.readStop();
}
