// Tells those who have to know of a deposit what they have not heard yet: its account, to the ledger; the
// treasury, for the operator's books; and the wallet, for its owner. What was told is crossed out only
// when they have answered; all of them take the same word twice for one.

import type { Env } from "../../env.ts";
import { withAccount } from "../../objects.ts";
import { depositName, withTreasury, withWallet } from "../objects.ts";
import type { DepositView } from "./deposit.ts";
import type { Due } from "./judge.ts";
import { type Deposited, forgetDue, noteTold, readDeposit, readDue } from "./record.ts";

export async function deliver(
  env: Env,
  sql: SqlStorage,
  view: () => DepositView | undefined,
): Promise<void> {
  if (view() === undefined) return;
  const deposit = readDeposit(sql);
  if (deposit === undefined) return;
  for (const due of readDue(sql)) {
    await book(env, deposit, due);
    forgetDue(sql, due.number);
  }
  const now = readDeposit(sql);
  const told = view();
  if (now === undefined || told === undefined || now.isTold) return;
  const { accountId, ref } = now;
  const { chainId } = ref;
  await withWallet(env, { chainId, accountId }, async (wallet) => await wallet.note(told));
  noteTold(sql, told.version);
}

async function book(env: Env, { ref, accountId }: Deposited, due: Due): Promise<void> {
  const { kind, round, amountMicro } = due;
  const name = depositName(ref);
  const bought = { amountMicro, transaction: ref.txHash };
  const { result } =
    (await withAccount(env, accountId, async (account) =>
      kind === "deposit"
        ? await account.apply({ kind, ref: name, round, ...bought })
        : await account.apply({ kind, ref: name, round }),
    )) ?? {};
  if (result !== "booked" && result !== "exists") {
    throw new Error(`an account did not take a ${kind}: ${result}`);
  }
  const note = { ref: name, kind, round, accountId, amountMicro, txHash: ref.txHash };
  await withTreasury(env, ref.chainId, async (treasury) => {
    await treasury.note({ ...note, atMs: Date.now() });
  });
}
