// What the operator has set for deposits, as one thing: all of it, or none.

import { NETWORKS, type Network } from "../../shared/networks.ts";
import { type Env, settingsOf } from "../env.ts";

export type DepositSettings = {
  network: Network;
  /** The node that is asked, and another whose word is needed as well where much is at stake. */
  rpcUrl: string;
  secondRpcUrl: string | undefined;
  xpub: string;
  treasury: `0x${string}` | undefined;
};

/** The settings for deposits, or `undefined` when none are taken. */
export function depositSettingsOf(env: Env): DepositSettings | undefined {
  const settings = settingsOf(env);
  const { PAYMENTS_NETWORK, RPC_URL, RPC_URL_SECOND, DEPOSIT_XPUB, TREASURY_ADDRESS } = settings;
  if (PAYMENTS_NETWORK === undefined || RPC_URL === undefined || DEPOSIT_XPUB === undefined) {
    return undefined;
  }
  return {
    network: NETWORKS[PAYMENTS_NETWORK],
    rpcUrl: RPC_URL,
    secondRpcUrl: RPC_URL_SECOND,
    xpub: DEPOSIT_XPUB,
    treasury: TREASURY_ADDRESS,
  };
}
