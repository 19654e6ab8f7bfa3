// Which addresses are nobody's business outside their own network. A public name that stands for one of
// them is an attempt to have us read what is not meant for us, such as a cloud's metadata service.

import type { LookupAddress, LookupOptions } from "node:dns";
import { lookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

const RANGES: readonly [address: string, prefix: number, family: "ipv4" | "ipv6"][] = [
  ["0.0.0.0", 8, "ipv4"],
  ["10.0.0.0", 8, "ipv4"],
  ["100.64.0.0", 10, "ipv4"],
  ["127.0.0.0", 8, "ipv4"],
  ["169.254.0.0", 16, "ipv4"],
  ["172.16.0.0", 12, "ipv4"],
  ["192.0.0.0", 24, "ipv4"],
  ["192.168.0.0", 16, "ipv4"],
  ["198.18.0.0", 15, "ipv4"],
  ["224.0.0.0", 3, "ipv4"],
  ["::", 96, "ipv6"],
  ["64:ff9b::", 96, "ipv6"],
  ["64:ff9b:1::", 48, "ipv6"],
  ["2002::", 16, "ipv6"],
  ["fc00::", 7, "ipv6"],
  ["fe80::", 10, "ipv6"],
  ["ff00::", 8, "ipv6"],
];

const PRIVATE = new BlockList();
for (const range of RANGES) PRIVATE.addSubnet(...range);

/** Whether `address` is one of a private network, of this machine or of no single machine. */
export function isPrivate(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  return PRIVATE.check(address, family === 4 ? "ipv4" : "ipv6");
}

/** An address that must not be asked, however its name came to stand for it. */
export class PrivateAddress extends Error {
  override readonly name = "PrivateAddress";
}

/** Looks a name up as a connection does, and refuses one that stands for any private address. */
export const lookupPublic: LookupFunction = (hostname, options, callback) => {
  const all: LookupOptions & { all: true } = { ...(options as LookupOptions), all: true };
  lookup(hostname, all, (error, found: LookupAddress[]) => {
    if (error !== null) return callback(error, "", 0);
    if (found.some(({ address }) => isPrivate(address))) {
      return callback(new PrivateAddress(`${hostname} stands for a private address`), "", 0);
    }
    if ((options as LookupOptions).all) return callback(null, found);
    callback(null, found[0]?.address ?? "", found[0]?.family ?? 0);
  });
};
