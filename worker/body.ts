// Reads bodies: never more than is allowed, announced or not, and never anything but JSON. Form
// content is let in when it holds JSON, because that is what `curl -d` calls everything it sends.
// That would invite cross-site forgery on an API with cookies; this one has none and will not.

import { Failure } from "../shared/errors.ts";
import { REQUEST_BODY_BYTES_MAX } from "../shared/limits.ts";

const FORM_TYPE = "application/x-www-form-urlencoded";

/** The JSON value of a request's body; an empty body counts as `{}`. */
export async function readJson(request: Request): Promise<unknown> {
  const bytes = await readBytes(request, REQUEST_BODY_BYTES_MAX).catch((thrown: unknown) => {
    throw brokenOff(thrown);
  });
  if (bytes === undefined) throw tooLarge();
  if (bytes.length === 0) return {};
  const type = mediaType(request);
  if (!isJsonType(type)) throw new Failure("unsupported_media_type");
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    if (type === FORM_TYPE) throw new Failure("unsupported_media_type");
    throw new Failure("invalid_request", { message: "The body is not valid JSON in UTF-8." });
  }
}

/**
 * All bytes of a request or response, or `undefined` as soon as there are known to be more than
 * `bytesMax`. An announced length is enough to refuse, and enough to read the body in one piece,
 * because HTTP ends a body where its length says; without one the pieces are counted.
 */
export async function readBytes(
  message: Pick<Request | Response, "headers" | "body" | "arrayBuffer">,
  bytesMax: number,
): Promise<Uint8Array | undefined> {
  const announced = message.headers.get("Content-Length");
  if (announced === null) return await readCounted(message.body, bytesMax);
  if (Number(announced) > bytesMax) return undefined;
  const bytes = new Uint8Array(await message.arrayBuffer());
  return bytes.length > bytesMax ? undefined : bytes;
}

async function readCounted(
  stream: ReadableStream<Uint8Array> | null,
  bytesMax: number,
): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream ?? []) {
    length += chunk.length;
    if (length > bytesMax) return undefined;
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Whoever hangs up in the middle of a body hears nothing more, but that is no fault of ours. */
export function brokenOff(thrown: unknown): Failure {
  const detail = `the body broke off: ${thrown}`;
  return new Failure("invalid_request", { message: "The body broke off before its end.", detail });
}

function tooLarge(): Failure {
  const message = `The body must be at most ${REQUEST_BODY_BYTES_MAX} bytes.`;
  return new Failure("payload_too_large", { message });
}

/** The media type without its parameters; a compressed body is a type nobody here reads. */
function mediaType(request: Request): string {
  const encoding = request.headers.get("Content-Encoding") ?? "identity";
  if (encoding.toLowerCase() !== "identity") return "compressed";
  const [type = ""] = (request.headers.get("Content-Type") ?? "").split(";");
  return type.trim().toLowerCase();
}

function isJsonType(type: string): boolean {
  return (
    type === "" ||
    type === "application/json" ||
    type === FORM_TYPE ||
    /^application\/[\w.-]+\+json$/.test(type)
  );
}
