// The table of commands. Parsing, help and completion are made from it.

import type { Command } from "./command.ts";
import { completion } from "./commands/completion.ts";
import { showCredits, showLedger } from "./commands/credits.ts";
import { execute, run, runtimes } from "./commands/execute.ts";
import { getFile, listFiles, putFile, removeFile } from "./commands/files.ts";
import {
  cancelExecution,
  listHistory,
  removeExecution,
  showExecutionOf,
} from "./commands/history.ts";
import { listKeys, newKey, renameKey, revokeKey, rotateKey } from "./commands/keys.ts";
import { login, logout } from "./commands/login.ts";
import { mcp } from "./commands/mcp.ts";
import {
  installPackages,
  interruptSession,
  listSessions,
  openSession,
  removeSession,
  resetSession,
  showSession,
} from "./commands/sessions.ts";

export const COMMANDS: readonly Command[] = [
  execute,
  runtimes,
  run,
  listSessions,
  openSession,
  showSession,
  interruptSession,
  resetSession,
  installPackages,
  removeSession,
  listFiles,
  getFile,
  putFile,
  removeFile,
  listHistory,
  showExecutionOf,
  cancelExecution,
  removeExecution,
  listKeys,
  newKey,
  renameKey,
  rotateKey,
  revokeKey,
  showCredits,
  showLedger,
  login,
  logout,
  mcp,
  completion,
];
