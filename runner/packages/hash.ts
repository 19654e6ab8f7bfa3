// What an archive must be, as its index says it: the strongest of the digests that are given, and none
// that can be forged. The digest is also the name an archive is kept under.

import { subtle } from "node:crypto";

const STRENGTHS = { sha512: "SHA-512", sha384: "SHA-384", sha256: "SHA-256" } as const;
type Algorithm = keyof typeof STRENGTHS;
const ALGORITHMS = Object.keys(STRENGTHS) as Algorithm[];

export type Digest = { algorithm: Algorithm; hex: string };

/** The strongest digest of pip's words: hexadecimal, by algorithm. `undefined` where none will do. */
export function digestOfHashes(hashes: Readonly<Record<string, string>>): Digest | undefined {
  for (const algorithm of ALGORITHMS) {
    const digest = digestOf(algorithm, hashes[algorithm] ?? "");
    if (digest !== undefined) return digest;
  }
  return undefined;
}

/** The strongest digest of npm's words: `sha512-` and base64, perhaps several with spaces between. */
export function digestOfIntegrity(integrity: string): Digest | undefined {
  const given = integrity.split(/\s+/).map((one) => one.split("?")[0] ?? "");
  for (const algorithm of ALGORITHMS) {
    const base64 = given
      .find((one) => one.startsWith(`${algorithm}-`))
      ?.slice(algorithm.length + 1);
    const hex = Buffer.from(base64 ?? "", "base64").toString("hex");
    const digest = digestOf(algorithm, hex);
    if (digest !== undefined) return digest;
  }
  return undefined;
}

/** Whether `content` is what the digest says. Reckoned off the main thread. */
export async function matches(content: Buffer, { algorithm, hex }: Digest): Promise<boolean> {
  const found = await subtle.digest(STRENGTHS[algorithm], content as Uint8Array<ArrayBuffer>);
  return Buffer.from(found).toString("hex") === hex;
}

function digestOf(algorithm: Algorithm, hex: string): Digest | undefined {
  const lower = hex.toLowerCase();
  const digits = Number(algorithm.slice(3)) / 4;
  return lower.length === digits && /^[0-9a-f]*$/.test(lower)
    ? { algorithm, hex: lower }
    : undefined;
}
