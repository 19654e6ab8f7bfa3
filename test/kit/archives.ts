// Makes archives as package indexes have them, good ones and ones that nobody should unpack: a zip with
// whatever names, types and sizes a test wants, wheels, and npm's tarballs.

import { crc32, deflateRawSync, gzipSync } from "node:zlib";
import { pack } from "tar-stream";

export type ZipEntry = {
  name: string;
  content: Buffer | string;
  /** The Unix mode with the type of file in it. */
  mode?: number;
};

/** A zip of `entries`, each deflated. */
export function zipOf(entries: readonly ZipEntry[]): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, content, mode = 0o100644 } of entries) {
    const plain = Buffer.from(content);
    const packed = deflateRawSync(plain);
    const nameBytes = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x800, 2); // names are UTF-8
    common.writeUInt16LE(8, 4); // deflated
    common.writeUInt32LE(crc32(plain), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(plain.length, 18);
    common.writeUInt16LE(nameBytes.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), common, nameBytes, packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((mode << 16) >>> 0, 6);
    tail.writeUInt32LE(at, 10);
    const made = Buffer.from([20, 3]); // by Unix
    directory.push(Buffer.from("PK\x01\x02", "latin1"), made, common, tail, nameBytes);
    bodies.push(local);
    at += local.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...bodies, listed, end]);
}

export type WheelOptions = { requires?: readonly string[]; python?: string };

/** What a wheel's METADATA says. */
export function metadataOf(name: string, version: string, options: WheelOptions = {}): string {
  const { requires = [], python } = options;
  const lines = ["Metadata-Version: 2.1", `Name: ${name}`, `Version: ${version}`];
  if (python !== undefined) lines.push(`Requires-Python: ${python}`);
  return [...lines, ...requires.map((one) => `Requires-Dist: ${one}`), "", ""].join("\n");
}

/** A wheel with `entries` in it, and what every wheel has to have. */
export function wheelOf(
  name: string,
  version: string,
  entries: readonly ZipEntry[],
  options: WheelOptions = {},
): Buffer {
  const info = `${name}-${version}.dist-info`;
  return zipOf([
    ...entries,
    { name: `${info}/METADATA`, content: metadataOf(name, version, options) },
    {
      name: `${info}/WHEEL`,
      content: "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    },
    { name: `${info}/RECORD`, content: "" },
  ]);
}

export type TarEntry = {
  name: string;
  content?: Buffer | string;
  mode?: number;
  type?: "file" | "symlink" | "link" | "directory";
  linkname?: string;
};

/** A gzipped tar of `entries`, named as they are. */
export async function tarballOf(entries: readonly TarEntry[]): Promise<Buffer> {
  const tar = pack();
  for (const { content = "", ...header } of entries) tar.entry(header, Buffer.from(content));
  tar.finalize();
  const parts: Buffer[] = [];
  for await (const part of tar) parts.push(part as Buffer);
  return gzipSync(Buffer.concat(parts));
}
