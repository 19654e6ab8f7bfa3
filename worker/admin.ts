// Who may administer: one token for the deployment. Without a token, or with one too short to be random,
// nobody gets in.

import { Failure } from "../shared/errors.ts";
import { bearerOf } from "./bearer.ts";
import type { Call } from "./call.ts";
import { isSameSecret } from "./digest.ts";
import { settingsOf } from "./env.ts";

/** Throws unless a call comes from the operator. */
export async function requireAdmin({ request, env }: Call): Promise<void> {
  const { ADMIN_TOKEN } = settingsOf(env);
  if (ADMIN_TOKEN === undefined) {
    throw new Failure("unauthorized", { message: "Administration is switched off." });
  }
  const token = bearerOf(request);
  if (token === undefined) throw new Failure("unauthorized");
  if (!(await isSameSecret(token, ADMIN_TOKEN))) throw new Failure("invalid_key");
}
