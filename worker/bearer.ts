// Reads the Authorization header, the only place credentials are taken from.

import { Failure } from "../shared/errors.ts";

/** The bearer token of a request, or `undefined` when it carries no credentials at all. */
export function bearerOf(request: Request): string | undefined {
  const header = request.headers.get("Authorization");
  if (header === null) return undefined;
  const token = /^Bearer +(\S+)$/i.exec(header)?.[1];
  if (token === undefined) {
    throw new Failure("invalid_key", { message: "Send the key as `Authorization: Bearer KEY`." });
  }
  return token;
}
