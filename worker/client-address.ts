// Who a caller without a key is: the address the operator's trusted header names, made comparable.
// An IPv6 address counts as its /64, because that is what one household or machine is given. What
// leaves this file is a digest keyed with the deployment's secret, so no object, log or runner ever
// holds an address.

import { hex, sha256 } from "./digest.ts";
import { type Env, settingsOf } from "./env.ts";

/** The name under which the caller of `request` is counted: `visitor-` and a digest. */
export async function visitorIdOf(request: Request, env: Env): Promise<string> {
  const { CLIENT_ADDRESS_HEADER, RUNNER_SECRET } = settingsOf(env);
  const header = CLIENT_ADDRESS_HEADER && request.headers.get(CLIENT_ADDRESS_HEADER);
  const digest = await sha256(`visitor\n${RUNNER_SECRET}\n${header ? groupOf(header) : "local"}`);
  return `visitor-${hex(digest).slice(0, 32)}`;
}

/** The part of an address that is counted as one caller. */
export function groupOf(header: string): string {
  // A proxy appends what it saw itself, so only the last of several is its own word.
  const address = header.split(",").at(-1)?.trim() ?? "";
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(address)) return address;
  const groups = ipv6Groups(address);
  if (groups === undefined) return "unknown";
  const isIpv4 = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (!isIpv4) return groups.slice(0, 4).join(":");
  const [high = 0, low = 0] = groups.slice(6);
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** The eight groups of an IPv6 address, or `undefined`. The URL parser knows every way to write one. */
function ipv6Groups(address: string): number[] | undefined {
  const url = /^[0-9a-f:.]+$/i.test(address) ? URL.parse(`http://[${address}]/`) : null;
  if (url === null) return undefined;
  const [head = "", tail] = url.hostname.slice(1, -1).split("::");
  const front = hexGroups(head);
  if (tail === undefined) return front;
  const back = hexGroups(tail);
  return [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back];
}

function hexGroups(text: string): number[] {
  return text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
}
