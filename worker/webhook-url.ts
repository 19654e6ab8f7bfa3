// Where a webhook may be: at a public name, by HTTPS, at the usual port. What a name stands for is not
// looked up here, because it may stand for something else a moment later: on Cloudflare no fetch leads
// into anybody's private network, and on plain workerd webhooks go out by a service that connects to
// public addresses only. An operator may allow every address, for networks of their own.

import { Failure } from "../shared/errors.ts";
import { WEBHOOK_URL_CHARACTERS_MAX } from "../shared/limits.ts";

/** Endings of names that are never public. */
const PRIVATE_NAME =
  /(^|\.)(localhost|local|localdomain|internal|intranet|private|corp|home|lan|home\.arpa|test|example|invalid|onion|arpa)$/;

/** Throws the Failure that says why a webhook cannot be at `text`. */
export function refuseBadWebhook(text: string, addresses: "public" | "any"): void {
  const problem = problemWith(text, addresses);
  if (problem === undefined) return;
  throw new Failure("invalid_request", { field: "webhook", message: `\`webhook\` ${problem}.` });
}

function problemWith(text: string, addresses: "public" | "any"): string | undefined {
  if (text.length > WEBHOOK_URL_CHARACTERS_MAX) {
    return `must be at most ${WEBHOOK_URL_CHARACTERS_MAX} characters`;
  }
  const url = URL.parse(text);
  if (url === null) return "must be a URL";
  if (url.username !== "" || url.password !== "") return "must not hold a name or a password";
  if (addresses === "any") {
    return /^https?:$/.test(url.protocol) ? undefined : "must begin with `https://` or `http://`";
  }
  if (url.protocol !== "https:") return "must begin with `https://`";
  if (url.port !== "") return "must be at the usual port";
  return isPublicName(url.hostname) ? undefined : "must be at a public name";
}

/** The URL parser has written every way to write an IPv4 address as four numbers. */
function isPublicName(hostname: string): boolean {
  const name = hostname.replace(/\.+$/, "");
  const isAddress = name.startsWith("[") || /^[\d.]+$/.test(name);
  return name.includes(".") && !isAddress && !PRIVATE_NAME.test(name);
}
