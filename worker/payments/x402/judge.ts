// What can be told of a payment without asking anybody: whether it fits one of our requirements in every
// field, whether it is of now, and who signed it. Whoever signed with a contract's key can only be told
// by the chain.

import { encodePacked, keccak256, recoverTypedDataAddress } from "viem";
import {
  PAYMENT_CLOCK_MS,
  PAYMENT_LEFT_MS_MIN,
  PAYMENT_MICRO_MAX,
  PAYMENT_MICRO_MIN,
  PAYMENT_VALID_MS,
} from "../../../shared/limits.ts";
import { type Price, requirementOf, type Shop } from "./shop.ts";
import type { Authorization, Hex, SentPayment } from "./wire.ts";

/** Why a payment is not taken: the field at fault and the end of a sentence about it. */
export type Flaw = { field: string; predicate: string };

const TYPES = {
  TransferWithAuthorization: [
    { name: "from", type: "address" },
    { name: "to", type: "address" },
    { name: "value", type: "uint256" },
    { name: "validAfter", type: "uint256" },
    { name: "validBefore", type: "uint256" },
    { name: "nonce", type: "bytes32" },
  ],
} as const;

const EOA_SIGNATURE_CHARACTERS = 2 + 2 * 65;
/** Half the order of secp256k1: the contract takes no signature above it. */
const S_MAX = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
/** How a signature ends that is by a contract which is yet to be deployed (ERC-6492). */
const UNDEPLOYED = "6492".repeat(16);

/** What a payment is called everywhere: the chain takes it once. */
export function paymentIdOf({ network }: Shop, { from, nonce }: Authorization): Hex {
  const fields = [BigInt(network.chainId), network.usdc, from, nonce] as const;
  return keccak256(encodePacked(["uint256", "address", "address", "bytes32"], fields));
}

/** What is wrong with the terms of a payment, `undefined` when nothing is. */
export function flawInTerms(
  shop: Shop,
  { version, scheme, network, accepted, authorization }: SentPayment,
  { amountsMicro, isAnyTaken }: Price,
): Flaw | undefined {
  if (scheme !== "exact") return { field: "scheme", predicate: "must be exact" };
  const ours = version === 2 ? shop.network.caip2 : shop.network.name;
  if (network !== ours) return { field: "network", predicate: `must be ${ours}` };
  if (authorization.to !== shop.payTo.toLowerCase())
    return inAuthorization("to", `must be ${shop.payTo}`);
  if (authorization.from === authorization.to)
    return inAuthorization("from", "must not be whom it pays");
  const { value } = authorization;
  const isOffered = amountsMicro.some((each) => BigInt(each) === value);
  const isPossible = value >= BigInt(PAYMENT_MICRO_MIN) && value <= BigInt(PAYMENT_MICRO_MAX);
  if (!isOffered && !(isAnyTaken && isPossible)) {
    return inAuthorization("value", `must be ${amountsMicro.join(" or ")}`);
  }
  if (accepted === undefined) return undefined;
  const wanted = requirementOf(shop, Number(value));
  const { extra } = accepted;
  const told: [string, unknown, unknown][] = [
    ["amount", accepted.amount, wanted.amount],
    ["asset", accepted.asset.toLowerCase(), wanted.asset.toLowerCase()],
    ["payTo", accepted.payTo.toLowerCase(), wanted.payTo.toLowerCase()],
    ["maxTimeoutSeconds", accepted.maxTimeoutSeconds, wanted.maxTimeoutSeconds],
    ["extra.name", extra.name, wanted.extra.name],
    ["extra.version", extra.version, wanted.extra.version],
    ["extra.assetTransferMethod", extra.assetTransferMethod ?? "eip3009", "eip3009"],
  ];
  const wrong = told.find(([, one, other]) => one !== other);
  return wrong && { field: `accepted.${wrong[0]}`, predicate: `must be ${wrong[2]}` };
}

/** What is wrong with the times of a payment. */
export function flawInTime(
  { validAfter, validBefore }: Authorization,
  nowMs: number,
): Flaw | undefined {
  const inMs = (seconds: bigint) => Number(seconds) * 1000;
  if (inMs(validAfter) > nowMs) return inAuthorization("validAfter", "must have passed");
  if (inMs(validBefore) < nowMs + PAYMENT_LEFT_MS_MIN) {
    const left = PAYMENT_LEFT_MS_MIN / 1000;
    return inAuthorization("validBefore", `must be at least ${left} seconds from now`);
  }
  if (inMs(validBefore) > nowMs + PAYMENT_VALID_MS + PAYMENT_CLOCK_MS) {
    const most = PAYMENT_VALID_MS / 1000;
    return inAuthorization("validBefore", `must be at most ${most} seconds from now`);
  }
  return undefined;
}

/** What is wrong with the form of a signature, whoever it is by. */
export function flawInSignature({ signature }: Authorization): Flaw | undefined {
  if (signature.endsWith(UNDEPLOYED)) {
    return { field: "signature", predicate: "must be by a wallet that is deployed" };
  }
  if (signature.length < EOA_SIGNATURE_CHARACTERS) {
    return { field: "signature", predicate: "must be of 65 bytes, or a contract's" };
  }
  if (signature.length > EOA_SIGNATURE_CHARACTERS) return undefined;
  if (BigInt(`0x${signature.slice(66, 130)}`) > S_MAX) {
    return { field: "signature", predicate: "must have the lower of its two forms" };
  }
  return undefined;
}

/** Whether the payer signed with the key of its own address. Else a contract may have to say so. */
export async function isSignedByPayer(
  { network }: Shop,
  { signature, ...message }: Authorization,
): Promise<boolean> {
  if (signature.length !== EOA_SIGNATURE_CHARACTERS) return false;
  const domain = {
    ...network.domain,
    chainId: network.chainId,
    verifyingContract: network.usdc,
  };
  const primaryType = "TransferWithAuthorization";
  try {
    const signer = await recoverTypedDataAddress({
      domain,
      types: TYPES,
      primaryType,
      message,
      signature,
    });
    return signer.toLowerCase() === message.from;
  } catch {
    return false;
  }
}

function inAuthorization(field: string, predicate: string): Flaw {
  return { field: `authorization.${field}`, predicate };
}
