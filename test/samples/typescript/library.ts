// wants: ok; stdout is "1 2 3 5 8 9\na=3 b=2 c=1\n3.1416\n2026/11/22\n48656c6c6f\n"
import assert from "node:assert";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";

console.log([5, 3, 9, 1, 8, 2].sort((a, b) => a - b).join(" "));
const counts = new Map<string, number>();
for (const letter of "abacab") counts.set(letter, (counts.get(letter) ?? 0) + 1);
console.log([...counts].map(([letter, count]) => `${letter}=${count}`).join(" "));
console.log(Math.PI.toFixed(4));
console.log(new Date(Date.UTC(2026, 10, 22)).toISOString().slice(0, 10).replaceAll("-", "/"));
console.log(Buffer.from("Hello").toString("hex"));

assert.deepEqual(JSON.parse(JSON.stringify({ a: [1, null, "é"] })), { a: [1, null, "é"] });
assert.match(createHash("sha256").update("abc").digest("hex"), /^ba7816bf/);
assert.equal(gunzipSync(gzipSync("x".repeat(1000))).length, 1000);
assert.equal(2n ** 64n, 18446744073709551616n);
assert.equal(new URL("https://example.org/a?b=c").searchParams.get("b"), "c");
assert.equal(new Intl.NumberFormat("en").format(1234567), "1,234,567");
const file = join(mkdtempSync(join(tmpdir(), "tour-")), "kept");
writeFileSync(file, "kept");
assert.equal(readFileSync(file, "utf8"), "kept");
