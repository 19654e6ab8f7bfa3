// A gateway that sells on a real chain, payers who sign as wallets do, and the official facilitator in
// front of the chain, which can be made to lie, to fail or to say nothing. What was taken and what was
// granted are compared from the outside: USDC at the address that is paid to, and credits.

import { runInDurableObject } from "cloudflare:test";
import { x402Facilitator } from "@x402/core/facilitator";
import { toFacilitatorEvmSigner } from "@x402/evm";
import { registerExactEvmScheme } from "@x402/evm/exact/facilitator";
import {
  type Address,
  createWalletClient,
  encodeFunctionData,
  encodePacked,
  type Hex,
  http,
  keccak256,
  parseSignature,
  publicActions,
  toHex,
} from "viem";
import { generatePrivateKey, nonceManager, privateKeyToAccount } from "viem/accounts";
import { base } from "viem/chains";
import { expect } from "vitest";
import type { Env } from "../../../worker/env.ts";
import { Payment } from "../../../worker/payments/x402/payment.ts";
import { encode } from "../../../worker/payments/x402/wire.ts";
import { AUTHORIZATION_TYPES, type Chain, USDC, USDC_ABI, USDC_DOMAIN } from "./chain.ts";
import { answering, anyAddress, type Gateway, gateway, type Runner } from "./gateway.ts";

export const FACILITATOR_URL = "https://facilitator.test/x402";

/** Answers as a facilitator would. `settle` is the official one's own answer. */
export type Manners = (settle: () => Promise<object>) => Promise<Response>;

export type Requirement = {
  scheme: string;
  network: string;
  amount: string;
  asset: Address;
  payTo: Address;
  maxTimeoutSeconds: number;
  extra: Record<string, unknown>;
};

export type Store = Awaited<ReturnType<typeof openStore>>;

/** A gateway that sells on `chain`. */
export async function openStore(
  chain: Chain,
  { runner = answering(), settings = {} }: { runner?: Runner; settings?: Partial<Env> } = {},
) {
  const payTo = privateKeyToAccount(generatePrivateKey()).address.toLowerCase() as Address;
  const settler = privateKeyToAccount(generatePrivateKey(), { nonceManager });
  await chain.ask("anvil_setBalance", [settler.address, toHex(10n ** 18n)]);
  const facilitator = officialFacilitator(chain, settler);
  const calls: string[] = [];
  const accounts: string[] = [];
  const state = { manners: honest as Manners };
  const g = gateway(runner, {
    PAYMENTS_NETWORK: "base",
    TREASURY_ADDRESS: payTo,
    RPC_URL: chain.url,
    RPC_URL_SECOND: "",
    FACILITATOR_URL,
    DEMO_RUNS_PER_DAY: "0",
    FACILITATOR: {
      fetch: async (input, init) => {
        const request = new Request(input as RequestInfo, init);
        calls.push(new URL(request.url).pathname);
        const body = await request.json<Parameters<typeof facilitator.settle>[0] & object>();
        const { paymentPayload, paymentRequirements } = body as never as Record<string, never>;
        return await state.manners(async () => {
          return await facilitator.settle(paymentPayload as never, paymentRequirements as never);
        });
      },
    },
    ...settings,
  });
  return {
    g,
    payTo,
    /** What the facilitator was asked. */
    calls,
    set manners(manners: Manners) {
      state.manners = manners;
    },
    /** What came in. */
    taken: async () => Number(await chain.balanceOf(payTo)),
    /** Counts what an account was granted that was bought without this kit. */
    watch: (accountId: string) => void accounts.push(accountId),
    /** That everything taken was granted, to accounts and for executions, and nothing that was not taken. */
    async expectExact({ runsMicro = 0 }: { runsMicro?: number } = {}) {
      const granted = await Promise.all(accounts.map(async (id) => await boughtBy(g, id)));
      const grantedMicro = granted.reduce((sum, micro) => sum + micro, runsMicro);
      expect(grantedMicro).toBe(await this.taken());
    },
    /** A request as some client sends it. */
    async post(path: string, headers: Record<string, string> = {}, body: unknown = {}) {
      return await g.post(path, body, { "CF-Connecting-IP": anyAddress(), ...headers });
    },
    /** What a request without a payment is told to pay. */
    async ask(path: string, headers: Record<string, string> = {}, body: unknown = {}) {
      const response = await this.post(path, headers, body);
      expect(response.status).toBe(402);
      return offerIn(response);
    },
    /** A key without credits. */
    async emptyKey(): Promise<{ apiKey: string; accountId: string; bearer: Bearer }> {
      const opened = await g.open();
      await spendAll(g, opened.accountId);
      accounts.push(opened.accountId);
      return { ...opened, bearer: { Authorization: `Bearer ${opened.apiKey}` } };
    },
    balance: async (accountId: string) => await balanceOf(g, accountId),
    /** What the operator's books say of a payment. */
    async notes(paymentId: string) {
      const all = await g.env.TREASURY.getByName("8453").listNotes({ after: 0, most: 10_000 });
      return all.filter(({ ref }) => ref === paymentId);
    },
    /** How deep a payment is known to be in the chain. */
    async depth(paymentId: string) {
      const stub = g.env.PAYMENTS.getByName(paymentId);
      return await runInDurableObject(stub, (_instance, { storage: { sql } }) => {
        return sql.exec<{ depth: string }>("SELECT depth FROM payment").one().depth;
      });
    },
    /** When a payment is to look at the chain again. */
    async nextLookMs(paymentId: string) {
      const stub = g.env.PAYMENTS.getByName(paymentId);
      return await runInDurableObject(stub, async (_instance, { storage }) => {
        return await storage.getAlarm();
      });
    },
    /** Drops the newest block, with what the facilitator believes it has sent. */
    async reorg() {
      await chain.reorg(1);
      nonceManager.reset({ address: settler.address, chainId: base.id });
    },
    /** Has a payment look at the chain again. */
    async wake(paymentId: string, env: Env = g.env) {
      const stub = g.env.PAYMENTS.getByName(paymentId);
      await runInDurableObject(stub, async (_instance, state) => {
        await state.storage.deleteAlarm();
        await new Payment(state, env).alarm();
      });
    },
  };
}

type Bearer = { Authorization: string };

/** The facilitator as it should be. */
export const honest: Manners = async (settle) => Response.json(await settle());

/** What a 402 offers to version 2. */
export function offerIn(response: Response): { accepts: Requirement[]; error?: string } {
  const header = response.headers.get("PAYMENT-REQUIRED") ?? "";
  return JSON.parse(atob(header));
}

/** The first of what is offered. */
export function firstOf({ accepts: [first] }: { accepts: Requirement[] }): Requirement {
  if (first === undefined) throw new Error("nothing is offered");
  return first;
}

/** What a receipt says. */
export function receiptIn(response: Response, header = "PAYMENT-RESPONSE") {
  const text = response.headers.get(header);
  return text === null
    ? undefined
    : (JSON.parse(atob(text)) as { success: boolean; transaction: Hex; network: string });
}

export type Signer = Pick<ReturnType<typeof privateKeyToAccount>, "address" | "signTypedData">;

/** What a payer signs, as wallets do, with whatever a test wants changed before it is signed. */
export async function sign(
  payer: Signer,
  requirement: Requirement,
  changes: Partial<
    Record<"from" | "to" | "value" | "validAfter" | "validBefore" | "nonce", string>
  > = {},
) {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const authorization = {
    from: payer.address as string,
    to: requirement.payTo as string,
    value: requirement.amount,
    validAfter: String(nowSeconds - 600),
    validBefore: String(nowSeconds + requirement.maxTimeoutSeconds),
    nonce: toHex(crypto.getRandomValues(new Uint8Array(32))) as string,
    ...changes,
  };
  const signature = await payer.signTypedData({
    domain: USDC_DOMAIN,
    types: AUTHORIZATION_TYPES,
    primaryType: "TransferWithAuthorization",
    message: {
      from: authorization.from as Hex,
      to: authorization.to as Hex,
      value: BigInt(authorization.value),
      validAfter: BigInt(authorization.validAfter),
      validBefore: BigInt(authorization.validBefore),
      nonce: authorization.nonce as Hex,
    },
  });
  return { signature: signature as string, authorization };
}

export type Payload = Awaited<ReturnType<typeof sign>>;

/** What a payment is called. */
export function paymentId({ authorization: { from, nonce } }: Payload): Hex {
  const fields = [8453n, USDC, from as Hex, nonce as Hex] as const;
  return keccak256(encodePacked(["uint256", "address", "address", "bytes32"], fields));
}

/** What was signed, as the chain's kit settles it. */
export function leaveOf({ authorization, signature }: Payload) {
  const { from, to, value, validAfter, validBefore, nonce } = authorization;
  return {
    from: from as Hex,
    to: to as Hex,
    value: BigInt(value),
    validAfter: BigInt(validAfter),
    validBefore: BigInt(validBefore),
    nonce: nonce as Hex,
    signature: signature as Hex,
  };
}

/** Has a payer cancel what he signed. */
export async function cancel(chain: Chain, payer: Signer, { authorization }: Payload) {
  const message = { authorizer: payer.address, nonce: authorization.nonce as Hex };
  const signature = await payer.signTypedData({
    domain: USDC_DOMAIN,
    types: {
      CancelAuthorization: [
        { name: "authorizer", type: "address" },
        { name: "nonce", type: "bytes32" },
      ],
    },
    primaryType: "CancelAuthorization",
    message,
  });
  const { v, r, s } = parseSignature(signature);
  const args = [message.authorizer, message.nonce, Number(v), r, s] as const;
  const data = encodeFunctionData({ abi: USDC_ABI, functionName: "cancelAuthorization", args });
  return await chain.send({ from: payer.address, to: USDC, data });
}

/** A payment as clients of version 2 send it. */
export function inV2(accepted: Requirement, payload: object, more: object = {}) {
  const resource = { url: "https://gateway.test/" };
  const payment = { x402Version: 2, resource, accepted, payload, extensions: {}, ...more };
  return { "PAYMENT-SIGNATURE": encode(payment) };
}

/** The same as clients of version 1 send it. */
export function inV1(payload: object, more: object = {}) {
  const payment = { x402Version: 1, scheme: "exact", network: "base", payload, ...more };
  return { "X-PAYMENT": encode(payment) };
}

/** A signed payment for `accepted`, as clients of version 2 send it. */
export async function signed(payer: Signer, accepted: Requirement) {
  return inV2(accepted, await sign(payer, accepted));
}

/** What an account has. */
export async function balanceOf(g: Gateway, accountId: string): Promise<number> {
  const state = await g.account(accountId).change({});
  if (state === undefined) throw new Error("no such account");
  return state.balanceMicro;
}

/** What an account bought, less what was taken back. */
async function boughtBy(g: Gateway, accountId: string): Promise<number> {
  return await runInDurableObject(g.account(accountId), (_instance, { storage: { sql } }) => {
    const { micro } = sql
      .exec<{ micro: number | null }>(
        "SELECT sum(amount_micro) AS micro FROM entry WHERE kind IN ('purchase', 'reversal')",
      )
      .one();
    return micro ?? 0;
  });
}

async function spendAll(g: Gateway, accountId: string): Promise<void> {
  const amountMicro = await balanceOf(g, accountId);
  const account = g.account(accountId);
  await runInDurableObject(account, (_instance, { storage: { sql } }) => {
    sql.exec(
      `INSERT INTO entry (at_ms, kind, id, amount_micro, balance_micro)
       VALUES (0, 'reserve', 'spent', ?, 0)`,
      -amountMicro,
    );
  });
}

function officialFacilitator(chain: Chain, account: ReturnType<typeof privateKeyToAccount>) {
  const transport = http(chain.url, { retryCount: 0 });
  const client = createWalletClient({ account, chain: base, transport, pollingInterval: 5 }).extend(
    publicActions,
  );
  const facilitator = new x402Facilitator();
  // Gas costs nothing on the chains of the tests, and nobody is to offer a tip.
  const writeContract = async (call: Parameters<typeof client.writeContract>[0]) =>
    await client.writeContract({ ...call, gasPrice: 0n } as typeof call);
  const { address } = account;
  const signer = toFacilitatorEvmSigner({ ...client, address, writeContract } as never);
  registerExactEvmScheme(facilitator, { signer, networks: "eip155:8453" });
  return facilitator;
}

export { USDC };
