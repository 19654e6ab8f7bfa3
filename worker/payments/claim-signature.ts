// Who claims a transfer to the treasury shows by a signature that the sending address is theirs: the hash
// of a transaction is known to everybody, and so proves nothing. What is signed names the account it is
// for, so a signature is worth nothing to anybody else.

import { encodeFunctionData, hashTypedData, parseAbi, recoverAddress } from "viem";
import type { Network } from "../../shared/networks.ts";
import { Bytes, type Rpc, RpcRefusal } from "./rpc.ts";

type Hex = `0x${string}`;

export const DEPOSIT_CLAIM_TYPES = {
  DepositClaim: [
    { name: "txHash", type: "bytes32" },
    { name: "accountId", type: "string" },
  ],
} as const;

/** What a claim's signature is made for. */
export function claimDomain({ chainId }: Network) {
  return { name: "agent-coderunner", version: "1", chainId } as const;
}

const ERC1271_ABI = parseAbi(["function isValidSignature(bytes32, bytes) view returns (bytes4)"]);
const ERC1271_YES = "0x1626ba7e";
/** Of an ordinary key: 65 bytes. */
const KEY_SIGNATURE_CHARACTERS = 2 + 2 * 65;

/** Whether `sender` has signed this claim: by its key, or, where it is a contract, by its own word. */
export async function isClaimedBy(
  rpc: Rpc,
  network: Network,
  claim: { txHash: Hex; accountId: string; signature: Hex; sender: Hex },
): Promise<boolean> {
  const { txHash, accountId, signature, sender } = claim;
  const hash = hashTypedData({
    domain: claimDomain(network),
    types: DEPOSIT_CLAIM_TYPES,
    primaryType: "DepositClaim",
    message: { txHash, accountId },
  });
  if (signature.length === KEY_SIGNATURE_CHARACTERS) {
    const signer = await recoverAddress({ hash, signature }).catch(() => undefined);
    if (signer?.toLowerCase() === sender) return true;
  }
  const code = await rpc("eth_getCode", [sender, "latest"], Bytes);
  if (code === "0x") return false;
  const args = [hash, signature] as const;
  const data = encodeFunctionData({ abi: ERC1271_ABI, functionName: "isValidSignature", args });
  const word = await rpc("eth_call", [{ to: sender, data }, "latest"], Bytes).catch(noIfReverted);
  return word.slice(0, 10) === ERC1271_YES && word.length === 66;
}

/** A contract that says no by reverting is told of by an error that says so. */
function noIfReverted(thrown: unknown): Hex {
  if (thrown instanceof RpcRefusal && /revert/i.test(thrown.message)) return "0x";
  throw thrown;
}
