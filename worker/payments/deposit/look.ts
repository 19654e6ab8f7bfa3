// Asks the chain about one deposit: one node as a rule, and a second where much is at stake, or where
// something is to be taken back. Where two disagree nothing is learned.

import { DEPOSIT_MICRO_LARGE } from "../../../shared/limits.ts";
import type { DepositRef } from "../objects.ts";
import { type Rpc, RpcTrouble, rpcOf } from "../rpc.ts";
import type { DepositSettings } from "../settings.ts";
import { type Evidence, readDepths, readTransfers } from "../transfers.ts";
import { isIn, type Rules, type Standing } from "./judge.ts";

export type Look = { evidence: Evidence } & Pick<Rules, "isAssured" | "depths">;

/** What the chain says of a deposit. Throws `RpcTrouble`. */
export async function lookAt(
  settings: DepositSettings,
  ref: DepositRef,
  before: Standing | undefined,
): Promise<Look> {
  const { network } = settings;
  if (ref.chainId !== network.chainId) throw new RpcTrouble(`no node of chain ${ref.chainId}`);
  const rpc = rpcOf(settings.rpcUrl);
  const isThere = before !== undefined && before.state !== "reversed" && before.state !== "dropped";
  const question = { ...ref, last: isThere ? before.block : undefined };
  const evidence = await readTransfers(rpc, network, question);
  const isStanding = before !== undefined && isIn(before);
  if (evidence.kind !== "found") {
    if (isStanding) await requireSecondWord(settings, question, evidence);
    return { evidence, isAssured: false, depths: undefined };
  }
  if (isStanding && before.amountMicro === evidence.amountMicro) {
    return { evidence, isAssured: true, depths: await readDepths(rpc) };
  }
  const isAssured = await assure(rpc, settings, question, evidence);
  return { evidence, isAssured, depths: undefined };
}

type Question = Parameters<typeof readTransfers>[2];

/** What is large needs the second node's word, or, where there is none, the chain's finality. */
async function assure(
  rpc: Rpc,
  settings: DepositSettings,
  question: Question,
  found: Extract<Evidence, { kind: "found" }>,
): Promise<boolean> {
  const { confirmations } = settings.network;
  if (found.confirmations < confirmations) return false;
  if (found.amountMicro < DEPOSIT_MICRO_LARGE) return true;
  if (settings.secondRpcUrl === undefined) {
    return found.block.number <= (await readDepths(rpc)).finalized;
  }
  const second = await secondWord(settings, settings.secondRpcUrl, question);
  if (second.kind === "unknown" || second.kind === "waiting") return false;
  const isSame = second.kind === "found" && second.amountMicro === found.amountMicro;
  if (!isSame || second.block.hash !== found.block.hash) throw new RpcTrouble("two nodes disagree");
  return second.confirmations >= confirmations;
}

/** What is gone by one node must be gone by the other. */
async function requireSecondWord(
  settings: DepositSettings,
  question: Question,
  evidence: Evidence,
): Promise<void> {
  if (settings.secondRpcUrl === undefined || evidence.kind === "waiting") return;
  const { kind } = await secondWord(settings, settings.secondRpcUrl, question);
  if (kind === "found" || kind === "waiting") throw new RpcTrouble("two nodes disagree");
}

async function secondWord(settings: DepositSettings, url: string, question: Question) {
  return await readTransfers(rpcOf(url), settings.network, question);
}
