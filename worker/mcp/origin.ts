// Whose pages may use the tools. Over HTTPS anybody's: there are no cookies, what a key opens depends
// on the key, and no other name has our certificate. Over plain HTTP a page can make its own name stand
// for this machine (DNS rebinding), so there the page must be of this machine, or the operator's wish.

import { Failure } from "../../shared/errors.ts";
import type { Call } from "../call.ts";
import { settingsOf } from "../env.ts";

const OF_THIS_MACHINE = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Throws where a request comes from a page that may not use the tools, or under a name that may not. */
export function refuseStrangePages({ request, env }: Call): void {
  const { protocol, hostname } = new URL(request.url);
  const origin = request.headers.get("Origin");
  // What is no browser says no origin, and is not led here by somebody else's page.
  if (protocol === "https:" || origin === null) return;
  const { MCP_ORIGINS } = settingsOf(env);
  if (MCP_ORIGINS.includes("*") || MCP_ORIGINS.includes(origin)) return;
  const page = URL.parse(origin)?.hostname ?? "";
  if (OF_THIS_MACHINE.test(page) && OF_THIS_MACHINE.test(hostname)) return;
  const message =
    "Pages of this origin may not use the tools here; its operator can allow them with MCP_ORIGINS.";
  throw new Failure("origin_refused", { message });
}
