// The keys of an account as whoever holds them all would remember them.

export type RingKey = { hash: string; id: string; isRevoked: boolean; endsAtMs: number };

/** Keys whose digest is also their id. */
export class KeyRing {
  readonly keys: RingKey[] = [];

  constructor(first: string) {
    this.#put(first);
  }

  /** Whether a key of this digest opens the account now. */
  isLive(hash: string, nowMs: number): boolean {
    const key = this.keys.find((each) => each.hash === hash);
    return key !== undefined && !key.isRevoked && nowMs < key.endsAtMs;
  }

  /** A key that opens the account now, or one that does not where none does. */
  anyLive(nowMs: number): string {
    const live = this.keys.find(({ hash }) => this.isLive(hash, nowMs));
    return (live ?? this.keys[0])?.hash ?? "";
  }

  /** A name that no key has had. */
  fresh(): string {
    return `key-${this.keys.length}`;
  }

  /** `old` works until `endsAtMs` only, and `made` instead of it. */
  replace(old: RingKey, made: string, nowMs: number, endsAtMs: number): void {
    old.isRevoked = endsAtMs <= nowMs;
    old.endsAtMs = endsAtMs;
    this.#put(made);
  }

  #put(hash: string): void {
    this.keys.push({ hash, id: hash, isRevoked: false, endsAtMs: Number.POSITIVE_INFINITY });
  }
}
