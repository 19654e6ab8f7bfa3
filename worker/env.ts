// What the gateway is given by its operator: bindings, variables and secrets. This is the only file
// that reads them. A setting that is present but does not parse stops every request with a sentence
// in the log; it is never replaced by a default, because a limit that is silently not applied is
// worse than a gateway that is down.

import * as z from "zod";
import { DEMO_RUNS_PER_DAY, INSTANT_KEYS_PER_DAY } from "../shared/limits.ts";
import { NETWORK_NAMES } from "../shared/networks.ts";
import { importSigningKey, type SigningKey } from "../shared/signature.ts";
import type { Account } from "./account/account.ts";
import type { Courier } from "./courier/courier.ts";
import type { Deposit } from "./payments/deposit/deposit.ts";
import type { Treasury } from "./payments/treasury/treasury.ts";
import type { Wallet } from "./payments/wallet/wallet.ts";
import type { Payment } from "./payments/x402/payment.ts";
import type { Settler } from "./payments/x402/settler.ts";
import type { Visitor } from "./visitor/visitor.ts";

/** The bindings as the platform hands them over. Plain workerd gives `null` for an unset variable. */
export type Env = {
  ACCOUNTS: DurableObjectNamespace<Account>;
  VISITORS: DurableObjectNamespace<Visitor>;
  COURIERS: DurableObjectNamespace<Courier>;
  /** The way to webhooks, where it is not the way to everything; it leads to public addresses only. */
  OUTSIDE?: Pick<Fetcher, "fetch">;
  DEPOSITS: DurableObjectNamespace<Deposit>;
  WALLETS: DurableObjectNamespace<Wallet>;
  TREASURY: DurableObjectNamespace<Treasury>;
  PAYMENTS: DurableObjectNamespace<Payment>;
  SETTLERS: DurableObjectNamespace<Settler>;
  /** A runner reached without an address, such as a VPC service; RUNNER_URL is used without it. */
  RUNNER?: Pick<Fetcher, "fetch">;
  /** A facilitator reached without an address; with FACILITATOR_URL, which it is asked by. */
  FACILITATOR?: Pick<Fetcher, "fetch">;
  RUNNER_URL?: string | null;
  RUNNER_ID?: string | null;
  RUNNER_SECRET?: string | null;
  ADMIN_TOKEN?: string | null;
  CLIENT_ADDRESS_HEADER?: string | null;
  DEMO_RUNS_PER_DAY?: string | null;
  INSTANT_KEYS_PER_DAY?: string | null;
  WEBHOOK_ADDRESSES?: string | null;
  PAYMENTS_NETWORK?: string | null;
  RPC_URL?: string | null;
  RPC_URL_SECOND?: string | null;
  DEPOSIT_XPUB?: string | null;
  TREASURY_ADDRESS?: string | null;
  FACILITATOR_URL?: string | null;
  FACILITATOR_KEY_ID?: string | null;
  FACILITATOR_KEY_SECRET?: string | null;
  SETTLER_KEY?: string | null;
  MCP_ORIGINS?: string | null;
};

const SECRET_CHARACTERS_MIN = 32;

/** A setting that is unset, `null` or empty falls back to `text`. */
function text(fallback: string) {
  return z
    .string()
    .nullish()
    .transform((value) => value || fallback);
}

function count(fallback: number) {
  return text(String(fallback)).pipe(
    z
      .string()
      .regex(/^\d{1,9}$/)
      .transform(Number),
  );
}

/** A setting that is `undefined` when it is unset or empty. */
function optional<Kind extends z.ZodType<unknown, string>>(kind: Kind) {
  return z
    .string()
    .nullish()
    .transform((value) => value || undefined)
    .pipe(kind.optional());
}

const HttpUrl = z.url({ protocol: /^https?$/ });
const PrivateKey = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/)
  .transform((key) => key as `0x${string}`);

const Settings = z.object({
  RUNNER_URL: text("http://127.0.0.1:8788").pipe(z.url({ protocol: /^https?$/ })),
  RUNNER_ID: text("local"),
  RUNNER_SECRET: z.string().min(SECRET_CHARACTERS_MIN),
  /** Unset or too short switches administration off. */
  ADMIN_TOKEN: text("").transform((token) =>
    token.length < SECRET_CHARACTERS_MIN ? undefined : token,
  ),
  /** `undefined` when no header is to be trusted. */
  CLIENT_ADDRESS_HEADER: text("CF-Connecting-IP").transform((name) =>
    name === "none" ? undefined : name,
  ),
  DEMO_RUNS_PER_DAY: count(DEMO_RUNS_PER_DAY),
  INSTANT_KEYS_PER_DAY: count(INSTANT_KEYS_PER_DAY),
  /** Where webhooks may be: `any` is for an operator's own network. */
  WEBHOOK_ADDRESSES: text("public").pipe(z.enum(["public", "any"])),
  /** The chain on which USDC is taken; without one there are no payments. */
  PAYMENTS_NETWORK: optional(z.enum(NETWORK_NAMES)),
  /** A node of that chain, and another of somebody else's. */
  RPC_URL: optional(HttpUrl),
  RPC_URL_SECOND: optional(HttpUrl),
  /** What deposit addresses are derived from. A private key has no business here. */
  DEPOSIT_XPUB: optional(z.string().regex(/^xpub[1-9A-HJ-NP-Za-km-z]{107}$/)),
  /** Where what is deposited ends up, and what is paid over HTTP. */
  TREASURY_ADDRESS: optional(
    z
      .string()
      .regex(/^0x[0-9a-fA-F]{40}$/)
      .transform((address) => address.toLowerCase() as `0x${string}`),
  ),
  /** Who settles payments over HTTP, and the key it knows us by, if it wants one. */
  FACILITATOR_URL: optional(HttpUrl),
  FACILITATOR_KEY_ID: optional(z.string()),
  FACILITATOR_KEY_SECRET: optional(z.base64()),
  /** Settles payments ourselves, where there is no FACILITATOR_URL; its address pays for the gas. */
  SETTLER_KEY: optional(PrivateKey),
  /** Whose pages may use the tools over plain HTTP, besides those of the machine itself; `*` is all. */
  MCP_ORIGINS: text("").transform((list) => list.split(",").map((origin) => origin.trim())),
});
export type Settings = z.infer<typeof Settings>;

const settingsByEnv = new WeakMap<Env, Settings>();
const signingKeyByEnv = new WeakMap<Env, SigningKey>();

/** The settings, parsed once per isolate. Throws, naming the setting, when one does not parse. */
export function settingsOf(env: Env): Settings {
  const known = settingsByEnv.get(env);
  if (known !== undefined) return known;
  const parsed = Settings.safeParse(env);
  if (!parsed.success) {
    // Only the name: the value may be a secret.
    const names = parsed.error.issues.map((issue) => String(issue.path[0]));
    throw new Error(`these settings are missing or not valid: ${names.join(", ")}`);
  }
  settingsByEnv.set(env, parsed.data);
  return parsed.data;
}

/** The key requests to the runner are signed with, imported once per isolate. */
export async function signingKeyOf(env: Env): Promise<SigningKey> {
  const known = signingKeyByEnv.get(env);
  if (known !== undefined) return known;
  // The key is kept, not the promise of it: a promise belongs to the request that made it.
  const key = await importSigningKey(settingsOf(env).RUNNER_SECRET);
  signingKeyByEnv.set(env, key);
  return key;
}
