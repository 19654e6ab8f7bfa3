// Texts that are the same for everybody until the next release: made when they are first asked for,
// told by their digest, and answered with 304 to whoever has them already.

import { hex, sha256 } from "../digest.ts";

const KEPT_SECONDS = 300;

type Print = { text: string; etag: string };
export type Printed = { type: string; print: () => Promise<Print> };

/** A text of a media type, made at its first use and then kept. */
export function printed(type: string, make: () => string): Printed {
  let known: Print | undefined;
  return {
    type,
    print: async () => {
      if (known !== undefined) return known;
      const text = make();
      // The text is kept, not the promise of it: a promise belongs to the request that made it.
      known = { text, etag: `"${hex(await sha256(text)).slice(0, 32)}"` };
      return known;
    },
  };
}

/** Answers with a text, or says that it has not changed. */
export async function serve(
  { type, print }: Printed,
  request: Request,
  headers: Record<string, string> = {},
): Promise<Response> {
  const { text, etag } = await print();
  const common = { ...headers, ETag: etag, "Cache-Control": `public, max-age=${KEPT_SECONDS}` };
  if (isKnown(request.headers.get("If-None-Match"), etag)) {
    return new Response(null, { status: 304, headers: common });
  }
  return new Response(text, { headers: { ...common, "Content-Type": type } });
}

/** Whether a list of tags has ours, weak or not: a proxy that compresses a text weakens its tag. */
function isKnown(list: string | null, etag: string): boolean {
  const tags = (list ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.includes(etag) || tags.includes("*");
}
