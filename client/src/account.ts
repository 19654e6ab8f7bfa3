// An account's keys and credits.

import { type CallOptions, type Http, type RepeatableOptions, segment } from "./http.ts";
import { List, type Page } from "./list.ts";
import type { Credits, Key, LedgerEntry, NewKey } from "./types.ts";

/** The keys of an account. */
export class Keys {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** Opens an account and hands out its first key; for who has a key, one more for that account. */
  async create(options: RepeatableOptions & { name?: string } = {}): Promise<NewKey> {
    const { signal, idempotencyKey = "new", ...body } = options;
    const wish = { path: "/api/keys", body, signal, idempotencyKey };
    return await this.#http.json({ method: "POST", ...wish });
  }

  /** Newest first, also those that ended not long ago; never a key itself. */
  async list(options: CallOptions = {}): Promise<Key[]> {
    return (await this.#http.json<{ keys: Key[] }>({ path: "/api/keys", ...options })).keys;
  }

  /** Gives a key another name; `null` takes it away. */
  async rename(id: string, name: string | null, options: CallOptions = {}): Promise<Key> {
    return await this.#http.json({ method: "PATCH", path: pathOf(id), body: { name }, ...options });
  }

  /** Makes a new key in the place of an old one, which works on for `graceMs`. */
  async rotate(
    id: string,
    options: RepeatableOptions & { graceMs?: number } = {},
  ): Promise<NewKey & { replaced?: Key }> {
    const { signal, idempotencyKey = "new", ...body } = options;
    const wish = { path: `${pathOf(id)}/rotate`, body, signal, idempotencyKey };
    return await this.#http.json({ method: "POST", ...wish });
  }

  /** Revokes a key at once; the last one, which gives the account up, only by `force`. */
  async revoke(id: string, options: CallOptions & { force?: boolean } = {}): Promise<void> {
    const { signal, force } = options;
    await this.#http.json({ method: "DELETE", path: pathOf(id), query: { force }, signal });
  }
}

/** What an account has. */
export async function showCredits(http: Http, options: CallOptions): Promise<Credits> {
  return await http.json({ path: "/api/credits", ...options });
}

/** How it came to that, newest first. */
export function listLedger(
  http: Http,
  { signal, ...query }: CallOptions & { limit?: number; cursor?: string },
): List<"entries", LedgerEntry> {
  return new List("entries", (cursor) =>
    http.json<Page<"entries", LedgerEntry>>({
      path: "/api/credits/ledger",
      query: { ...query, ...(cursor && { cursor }) },
      signal,
    }),
  );
}

function pathOf(id: string): string {
  return `/api/keys/${segment(id)}`;
}
