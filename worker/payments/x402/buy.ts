// The three things that a payment over HTTP can buy: credits for a key, a key with credits for somebody
// who has none, and one execution without any key. Each says what of the request it is bound to, and
// who may ask for it again after the chain has made the payment public.

import { Failure } from "../../../shared/errors.ts";
import { textFrom } from "../../../shared/ids.ts";
import {
  PAYER_SECRET_CHARACTERS_MAX,
  PAYER_SECRET_CHARACTERS_MIN,
} from "../../../shared/limits.ts";
import { creditsOf } from "../../../shared/money.ts";
import type { Call } from "../../call.ts";
import { visitorIdOf } from "../../client-address.ts";
import { hex, sha256 } from "../../digest.ts";
import { type Env, settingsOf } from "../../env.ts";
import { type KnownKey, newKey } from "../../key.ts";
import { paymentIdOf } from "./judge.ts";
import { type Paid, pay } from "./pay.ts";
import { offer, type Price, type Shop, shopOf } from "./shop.ts";
import { type SentPayment, sentPayment } from "./wire.ts";

/** The header in which a payer sends the secret by which it may ask again. */
const SECRET_HEADER = "Idempotency-Key";

/** A key that was bought, and what was paid for it. */
export type BoughtKey = Paid & { key: KnownKey & { text: string }; keyId: string };

/** The shop, or the failure that there is none. */
export function openShop(env: Env): Shop {
  const shop = shopOf(env);
  if (shop === undefined) throw new Failure("payments_disabled");
  return shop;
}

/** The payment of a call. Where it carries none, the failure that says how to pay. */
export function paymentOf(call: Call, shop: Shop, price: Price, what: string): SentPayment {
  const sent = sentPayment(call.request);
  if (sent !== undefined) return sent;
  offer(call, shop, { amountsMicro: price.amountsMicro, what });
  throw new Failure("payment_required");
}

/** Adds what is paid to the account of a key that is known to be live. */
export async function buyCredits(
  call: Call,
  shop: Shop,
  sent: SentPayment,
  { accountId, price, what }: { accountId: string; price: Price; what: string },
): Promise<Paid> {
  return await pay(
    call,
    {
      shop,
      price,
      what,
      purchase: { purpose: "topup", accountId },
      request: [accountId],
      // Whoever has a key of the account gets nothing but what the account has.
      isProven: true,
      caller: accountId,
    },
    sent,
  );
}

/** Opens an account with what is paid. Its key is always the same for one payment and one secret. */
export async function buyKey(
  call: Call,
  shop: Shop,
  sent: SentPayment,
  { price, what }: { price: Price; what: string },
): Promise<BoughtKey> {
  const secret = payerSecretOf(call.request);
  const id = paymentIdOf(shop, sent.authorization);
  const { RUNNER_SECRET } = settingsOf(call.env);
  const derive = async (of: string) => await keyed(RUNNER_SECRET, `${of}\n${id}\n${secret ?? ""}`);
  const account = await derive("bought account");
  const accountId = call.env.ACCOUNTS.idFromName(`bought-${hex(account)}`).toString();
  const key = await newKey(accountId, textFrom(await derive("bought key")));
  const keyId = `key-${textFrom(account).slice(0, 20)}`;
  const paid = await pay(
    call,
    {
      shop,
      price,
      what,
      purchase: { purpose: "key", accountId, keyHash: key.hash, keyId },
      request: [secret ?? ""],
      isProven: secret !== undefined,
      caller: await visitorIdOf(call.request, call.env),
    },
    sent,
  );
  call.line.account = accountId;
  return { ...paid, key, keyId };
}

/** Pays for one execution of `request`. */
export async function buyRun(
  call: Call,
  shop: Shop,
  sent: SentPayment,
  { price, what, request }: { price: Price; what: string; request: unknown },
): Promise<Paid & { isProven: boolean }> {
  const secret = payerSecretOf(call.request);
  const { pathname } = new URL(call.request.url);
  const isProven = secret !== undefined;
  const paid = await pay(
    call,
    {
      shop,
      price,
      what,
      purchase: { purpose: "run" },
      request: [pathname, secret ?? "", hex(await sha256(JSON.stringify(request)))],
      isProven,
      caller: await visitorIdOf(call.request, call.env),
    },
    sent,
  );
  return { ...paid, isProven };
}

/** What buying credits is called where it is asked for. */
export function topUpWords(amountMicro: number): string {
  return `${creditsOf(amountMicro)} credits for running programs`;
}

/** The secret by which a payer may ask again; without one nothing is told twice. */
export function payerSecretOf({ headers }: Request): string | undefined {
  const secret = headers.get(SECRET_HEADER);
  if (secret === null) return undefined;
  if (secret.length > PAYER_SECRET_CHARACTERS_MAX) {
    const message = `\`${SECRET_HEADER}\` must be at most ${PAYER_SECRET_CHARACTERS_MAX} characters.`;
    throw new Failure("invalid_request", { field: SECRET_HEADER, message });
  }
  // A short one may be counted through, so it proves nothing.
  return secret.length < PAYER_SECRET_CHARACTERS_MIN ? undefined : secret;
}

async function keyed(secret: string, text: string): Promise<Uint8Array> {
  const encoder = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const raw = encoder.encode(`payments\n${secret}`);
  const key = await crypto.subtle.importKey("raw", raw, algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(text)));
}
