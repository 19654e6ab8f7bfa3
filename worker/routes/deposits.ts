// /api/deposits and /v1/deposits: where an account pays USDC to, what has come of it, and claims by the
// hash of a transaction. A claim is never needed for a transfer to the account's own address, only quicker
// than the search; one to the treasury is claimed with a signature of whoever has sent it.

import * as z from "zod";
import { Failure, type FailureOptions } from "../../shared/errors.ts";
import { DEPOSIT_MICRO_MIN, RPC_RETRY_AFTER_MS } from "../../shared/limits.ts";
import { USDC_MICRO } from "../../shared/money.ts";
import { BLOCK_MS } from "../../shared/networks.ts";
import { parse } from "../../shared/parse.ts";
import type { Call } from "../call.ts";
import {
  ApiClaimRequest,
  ApiDeposit,
  ApiDeposits,
  ApiWaiting,
  TxHash,
  toApiDeposit,
  toApiDeposits,
  toV1Deposit,
  toV1Deposits,
  V1ClaimRequest,
  V1Deposit,
  V1Deposits,
  V1Waiting,
} from "../faces/deposits.ts";
import { handle, NoBody, type Reply } from "../handle.ts";
import type { ClaimAnswer, DepositView } from "../payments/deposit/deposit.ts";
import { withDeposit, withWallet } from "../payments/objects.ts";
import { type DepositSettings, depositSettingsOf } from "../payments/settings.ts";
import { visit } from "../visit.ts";

type Hex = `0x${string}`;
type Words = {
  hash: "txHash" | "tx_hash";
  tell: (deposit: DepositView) => object;
  tellAll: typeof toApiDeposits | typeof toV1Deposits;
  schemas: Record<"one" | "waiting" | "all", z.ZodType<object>>;
  /** What distinguishes its routes in the description. */
  suffix: string;
  inWords: string;
};

const API: Words = {
  hash: "txHash",
  tell: toApiDeposit,
  tellAll: toApiDeposits,
  schemas: { one: ApiDeposit, waiting: ApiWaiting, all: ApiDeposits },
  suffix: "",
  inWords: "",
};
const V1: Words = {
  hash: "tx_hash",
  tell: toV1Deposit,
  tellAll: toV1Deposits,
  schemas: { one: V1Deposit, waiting: V1Waiting, all: V1Deposits },
  suffix: "V1",
  inWords: ", in snake_case",
};

const CLAIM_ERRORS = [
  "payments_disabled",
  "unknown_deposit",
  "deposit_claimed",
  "deposit_refused",
  "chain_unreachable",
] as const;

export const listApiDeposits = lister(API);
export const listV1Deposits = lister(V1);
export const showApiDeposit = shower(API);
export const showV1Deposit = shower(V1);

const SOME_HASH = `0x${"1".repeat(64)}`;

export const claimApiDeposit = handle({
  ...aboutClaims(API),
  examples: { one: { summary: "A transfer that was just sent", body: { txHash: SOME_HASH } } },
  body: ApiClaimRequest,
  guard: requireDeposits,
  run: async ({ txHash, signature }, call) => await claim(call, API, txHash, signature),
});

export const claimV1Deposit = handle({
  ...aboutClaims(V1),
  examples: { one: { summary: "A transfer that was just sent", body: { tx_hash: SOME_HASH } } },
  body: V1ClaimRequest,
  guard: requireDeposits,
  run: async ({ tx_hash, signature }, call) => await claim(call, V1, tx_hash, signature),
});

function aboutClaims({ suffix, inWords, schemas }: Words) {
  return {
    summary: `Claim a deposit${inWords}`,
    description:
      "Never needed for a transfer to the account's own address, only quicker. A transfer to the treasury is claimed with a `signature` of its sender.",
    operation: `claimDeposit${suffix}`,
    reply: {
      200: { description: "It was credited.", json: schemas.one },
      202: {
        description: "It is on its way.",
        json: z.union([schemas.one, schemas.waiting]),
      },
    },
    errors: CLAIM_ERRORS,
  };
}

function lister({ tellAll, schemas, suffix, inWords }: Words) {
  return handle({
    summary: `Tell where to pay to, and what has come${inWords}`,
    description: "The address is the account's own; USDC that comes to it becomes credits.",
    operation: `listDeposits${suffix}`,
    reply: schemas.all,
    errors: ["payments_disabled"],
    examples: { one: { summary: "One's own" } },
    body: NoBody,
    run: async (_body, call) => {
      const { of, settings } = await ownerOf(call);
      const [[address], deposits] = await withWallet(call.env, of, async (wallet) => {
        return await Promise.all([wallet.addresses(of), wallet.list()]);
      });
      if (address === undefined) throw new Error("a wallet without an address");
      return { body: tellAll(address, settings.network, deposits) };
    },
  });
}

function shower(words: Words) {
  const { schemas, suffix, inWords } = words;
  return handle({
    summary: `Ask after a deposit${inWords}`,
    operation: `getDeposit${suffix}`,
    reply: {
      200: { description: "It has come to an end.", json: schemas.one },
      202: { description: "It is on its way.", json: schemas.one },
    },
    errors: ["payments_disabled", "unknown_deposit", "invalid_request"],
    examples: { one: { summary: "One that was claimed" } },
    body: NoBody,
    run: async (_body, call, params) => {
      const { of } = await ownerOf(call);
      const { txHash } = parse(z.object({ txHash: TxHash }), params);
      const [deposit] = await withWallet(call.env, of, async (wallet) => await wallet.list(txHash));
      if (deposit === undefined) {
        const message = "No such deposit was seen; claim it with POST, or wait until it is found.";
        throw new Failure("unknown_deposit", { message });
      }
      return replyOf(call, words, deposit);
    },
  });
}

async function claim(
  call: Call,
  words: Words,
  txHash: Hex,
  signature: Hex | null | undefined,
): Promise<Reply> {
  const { of, settings } = await ownerOf(call);
  const { accountId, chainId } = of;
  const retryAfterMs = await withWallet(call.env, of, async (wallet) => await wallet.takeClaim());
  if (retryAfterMs > 0) throw new Failure("rate_limited", { retryAfterMs });
  const proof = signature == null ? {} : { signature };
  let answer: ClaimAnswer | undefined;
  for (const recipient of await recipientsOf(call, settings, of, signature != null)) {
    const ref = { chainId, txHash, recipient };
    answer = await withDeposit(call.env, ref, async (deposit) => {
      return await deposit.claim({ ref, accountId, ...proof });
    });
    if (answer.result !== "none") break;
  }
  if (answer?.result === "standing") return replyOf(call, words, answer.view);
  // It is known, and it is on its way into a block.
  if (answer?.result === "waiting") {
    call.headers.set("Retry-After", String(BLOCK_MS / 1000));
    const { confirmations: required } = settings.network;
    const waiting = { state: "pending", confirmations: 0 };
    const api = { txHash, ...waiting, confirmationsRequired: required };
    const v1 = { tx_hash: txHash, ...waiting, confirmations_required: required };
    return { status: 202, body: words === API ? api : v1 };
  }
  if (answer === undefined) throw new Error("a wallet without an address");
  throw refusalOf(answer, words, settings);
}

/** The addresses that a transaction may have paid: the account's own, or, with a signature, the treasury. */
async function recipientsOf(
  call: Call,
  { treasury }: DepositSettings,
  of: Parameters<typeof withWallet>[1] & { xpub: string },
  isSigned: boolean,
): Promise<Hex[]> {
  if (!isSigned) {
    return await withWallet(call.env, of, async (wallet) => await wallet.addresses(of));
  }
  if (treasury !== undefined) return [treasury];
  const message = "`signature` is for transfers to the treasury, and none is set here.";
  throw new Failure("invalid_request", { field: "signature", message });
}

/** What is under way is told with 202, and when to ask again; what has come to an end with 200. */
function replyOf(call: Call, { tell }: Words, deposit: DepositView): Reply {
  const { state, confirmations, required } = deposit;
  if (state !== "pending" && state !== "review") return { body: tell(deposit) };
  if (state === "pending") {
    const waitMs = Math.max(1, required - confirmations) * BLOCK_MS;
    call.headers.set("Retry-After", String(waitMs / 1000));
  }
  return { status: 202, body: tell(deposit) };
}

/** Why there is no deposit, in a sentence that says what to do. */
function refusalOf(answer: ClaimAnswer, words: Words, settings: DepositSettings): Failure {
  const { hash: field } = words;
  const refused = (message: string, more: FailureOptions = {}) =>
    new Failure("deposit_refused", { field, message, ...more });
  const { network, treasury } = settings;
  switch (answer.result) {
    case "unknown":
      return new Failure("unknown_deposit", { field, retryAfterMs: 2 * BLOCK_MS });
    case "claimed":
      return new Failure("deposit_claimed", { field });
    case "reverted":
      return refused("This transaction failed on the chain; it has moved nothing.");
    case "none": {
      const { payees } = answer;
      if (treasury !== undefined && payees.includes(treasury)) {
        const message = "A transfer to the treasury is claimed with a `signature` of its sender.";
        return refused(message, { field: "signature" });
      }
      return refused(
        payees.length === 0
          ? `This transaction has moved no USDC (${network.usdc} on ${network.name}).`
          : `This transaction pays USDC to ${payees.slice(0, 3).join(", ")}, and not to your address.`,
      );
    }
    case "too_small":
      return refused(
        `This is less than the least deposit, ${DEPOSIT_MICRO_MIN / USDC_MICRO} USDC.`,
      );
    case "not_signed":
      return refused("`signature` is not the sender's, for this transaction and this account.", {
        field: "signature",
      });
    case "several_senders":
      return refused(
        "This transaction pays the treasury from several addresses; ask the operator.",
      );
    case "is_purchase":
      return refused("This was a payment by x402, which has bought something already.");
    default: {
      const detail = answer.result === "trouble" ? answer.detail : answer.result;
      return new Failure("chain_unreachable", { retryAfterMs: RPC_RETRY_AFTER_MS, detail });
    }
  }
}

async function requireDeposits(call: Call): Promise<void> {
  if (depositSettingsOf(call.env) === undefined) throw new Failure("payments_disabled");
}

/** Whose deposits are meant, once the account has let the call through. */
async function ownerOf(call: Call) {
  const settings = depositSettingsOf(call.env);
  if (settings === undefined) throw new Failure("payments_disabled");
  const { key } = await visit(call, async (account, keyHash) => await account.showCredits(keyHash));
  const { network, xpub } = settings;
  return { settings, of: { chainId: network.chainId, accountId: key.accountId, xpub } };
}
