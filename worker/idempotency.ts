// Requests that may be sent again without being done again: the Idempotency-Key header of the IETF
// draft, as a quoted string or bare, as most clients write it. What a request asks for is compared as
// it was understood, so that the order of its fields makes no difference. Who does what was asked, and
// knows what came of it, is an object; this only reads, waits and says.

import { Failure } from "../shared/errors.ts";
import {
  IDEMPOTENCY_KEY_CHARACTERS_MAX,
  IDEMPOTENCY_RETRY_AFTER_MS,
  IDEMPOTENCY_WAITS_MS,
} from "../shared/limits.ts";
import type { Claim } from "./account/claims.ts";
import type { Call } from "./call.ts";
import { hex, sha256 } from "./digest.ts";

const HEADER = "Idempotency-Key";
const QUOTED = /^"((?:[^"\\]|\\["\\])*)"$/;
const VISIBLE = /^[\x20-\x7e]+$/;

/** The call's Idempotency-Key as its sender made it up, or `undefined` when there is none. */
export function idempotencyKeyOf({ request }: Call): string | undefined {
  const header = request.headers.get(HEADER);
  if (header === null) return undefined;
  const quoted = QUOTED.exec(header.trim());
  const key = quoted === null ? header.trim() : (quoted[1] ?? "").replace(/\\(.)/g, "$1");
  if (!VISIBLE.test(key) || key.length > IDEMPOTENCY_KEY_CHARACTERS_MAX) throw badKey();
  return key;
}

/** The call as it is claimed under its Idempotency-Key, or `undefined` when it has none. */
export async function claimOf(call: Call): Promise<Claim | undefined> {
  const key = idempotencyKeyOf(call);
  if (key === undefined) return undefined;
  const { method, url } = call.request;
  const path = new URL(url).pathname.replace(/\/$/, "");
  const asked = JSON.stringify([method, path, call.body ?? {}], withoutNull);
  return { key: hex(await sha256(key)), fingerprint: hex(await sha256(asked)) };
}

/** A field that is null is as good as one that is not there. */
function withoutNull(_name: string, value: unknown): unknown {
  return value === null ? undefined : value;
}

/** Asks, and asks again while the first request under the same key is still being worked on. */
export async function insistOnFirst<Answer>(
  ask: () => Promise<Answer>,
  isPending: (answer: Answer) => boolean,
): Promise<Answer> {
  let answer = await ask();
  for (const waitMs of IDEMPOTENCY_WAITS_MS) {
    if (!isPending(answer)) return answer;
    // Not all at once, where many wait.
    await scheduler.wait(waitMs * (0.5 + Math.random()));
    answer = await ask();
  }
  if (!isPending(answer)) return answer;
  throw inProgress();
}

/** What a request hears that comes while the first is still being worked on. */
export function inProgress(): Failure {
  return new Failure("idempotency_in_progress", { retryAfterMs: IDEMPOTENCY_RETRY_AFTER_MS });
}

/** Has the reply say that it is that of an earlier request. */
export function noteReplay(call: Call): void {
  call.headers.set("Idempotency-Replayed", "true");
}

function badKey(): Failure {
  const most = IDEMPOTENCY_KEY_CHARACTERS_MAX;
  const message = `\`${HEADER}\` must be 1 to ${most} visible characters, such as a UUID.`;
  return new Failure("invalid_request", { field: HEADER, message });
}
