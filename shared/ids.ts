// Identifiers: a prefix that says what it names, then random letters and digits that cannot be
// guessed. Lower-case base 32 without the letters that are mistaken for digits.

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** `length` random characters of the alphabet, five random bits each. */
export function randomText(length: number): string {
  return textFrom(crypto.getRandomValues(new Uint8Array(length)));
}

/** A character of the alphabet for each of `bytes`. */
export function textFrom(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += ALPHABET[byte & 31];
  return text;
}

/** A new id such as `exec-4f…`: 100 random bits after the prefix. */
export function newId(prefix: "exec" | "req" | "hold" | "job" | "grant" | "key"): string {
  return `${prefix}-${randomText(20)}`;
}

/** Whether `text` could have come from `newId(prefix)`; says nothing about whether it exists. */
export function isId(prefix: string, text: string): boolean {
  const body = text.slice(prefix.length + 1);
  return text.startsWith(`${prefix}-`) && body.length === 20 && /^[0-9a-z]+$/.test(body);
}

/** Whether a caller's own request id may be taken over into replies and logs. */
export function isRequestId(text: string): boolean {
  return /^[A-Za-z0-9._-]{1,64}$/.test(text);
}

/** A new id of a session: a random UUID. */
export function newSessionId(): string {
  return crypto.randomUUID();
}

/** Whether `text` could have come from `newSessionId`; says nothing about whether it exists. */
export function isSessionId(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(text);
}
