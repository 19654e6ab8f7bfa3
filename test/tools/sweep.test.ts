// A sweep on a real chain with the real USDC: what deposit addresses have comes to the treasury, though
// none of them ever had gas, and the key is used by the one step that needs no network.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeFunctionData, type Hex, parseAbi, toHex } from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { plan, type Signed, sign, submit } from "../../tools/sweeping.ts";
import { depositAddress } from "../../worker/payments/addresses.ts";
import { DEPOSIT_XPRV, DEPOSIT_XPUB, TREASURY, USDC, USDC_OWNER } from "../chain/addresses.ts";
import { type Anvil, startAnvil } from "../chain/anvil.ts";
import { askerOf, plantUsdc } from "../chain/usdc.ts";

const ABI = parseAbi([
  "function mint(address to, uint256 amount)",
  "function balanceOf(address owner) view returns (uint256)",
]);

let anvil: Anvil;
let dir: string;
const key = generatePrivateKey();
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "sweep-"));
  anvil = await startAnvil();
  await plantUsdc(anvil.url);
  await askerOf(anvil.url)("anvil_setBalance", [privateKeyToAddress(key), toHex(10n ** 18n)]);
});
afterAll(async () => {
  await anvil.stop();
  rmSync(dir, { recursive: true });
});

async function mint(to: Hex, amountMicro: bigint): Promise<void> {
  const data = encodeFunctionData({ abi: ABI, functionName: "mint", args: [to, amountMicro] });
  const transaction = { from: USDC_OWNER, to: USDC, data, gasPrice: "0x0" };
  await askerOf(anvil.url)("eth_sendTransaction", [transaction]);
}

async function balanceOf(owner: Hex): Promise<bigint> {
  const data = encodeFunctionData({ abi: ABI, functionName: "balanceOf", args: [owner] });
  return BigInt(await askerOf(anvil.url)<Hex>("eth_call", [{ to: USDC, data }, "latest"]));
}

async function planned() {
  const task = { network: "base", rpcUrl: anvil.url, xpub: DEPOSIT_XPUB } as const;
  return await plan({ ...task, from: 0, to: 4, leastMicro: 1_000_000n });
}

const signing = { xprv: DEPOSIT_XPRV, treasury: TREASURY, hours: 1 };

describe("a sweep", () => {
  test("moves what is worth it, once, and leaves the rest", async () => {
    const [one, other] = [depositAddress(DEPOSIT_XPUB, 1), depositAddress(DEPOSIT_XPUB, 3)];
    await mint(one, 5_000_000n);
    await mint(other, 999_999n);
    const written = await planned();
    expect(written.transfers).toEqual([{ index: 1, address: one, amountMicro: "5000000" }]);
    const signed = await sign(written, signing);
    const send = async () => await submit(signed, { rpcUrl: anvil.url, key });
    expect(await send()).toMatchObject([{ outcome: "moved", amountMicro: "5000000" }]);
    expect(await send()).toMatchObject([{ outcome: "was sent in before" }]);
    expect(await balanceOf(TREASURY)).toBe(5_000_000n);
    expect([await balanceOf(one), await balanceOf(other)]).toEqual([0n, 999_999n]);
  });

  test("signs for no address that is not the key's", async () => {
    const transfers = [{ index: 1, address: TREASURY, amountMicro: "5" }];
    await expect(sign({ network: "base", transfers }, signing)).rejects.toThrow(
      "is not the address",
    );
  });

  test("says of what cannot be moved that it was not, and goes on", async () => {
    await mint(depositAddress(DEPOSIT_XPUB, 2), 7_000_000n);
    const signed: Signed = await sign(await planned(), signing);
    const spoilt = signed.authorizations.map((each) => ({ ...each, value: "9000000" }));
    const authorizations = [...spoilt, ...signed.authorizations];
    const outcomes = await submit({ ...signed, authorizations }, { rpcUrl: anvil.url, key });
    expect(outcomes.map(({ outcome }) => outcome === "moved")).toEqual([false, true]);
  });

  test("refuses a node of another chain", async () => {
    const task = { network: "base-sepolia", rpcUrl: anvil.url, xpub: DEPOSIT_XPUB } as const;
    await expect(plan({ ...task, from: 0, to: 0, leastMicro: 1n })).rejects.toThrow("chain 8453");
  });

  test("is signed by the program with a key from a file", async () => {
    const file = join(dir, "key");
    writeFileSync(file, `${DEPOSIT_XPRV}\n`, { mode: 0o600 });
    await mint(depositAddress(DEPOSIT_XPUB, 0), 2_000_000n);
    const args = ["tools/sweep.ts", "sign", "--treasury", TREASURY, "--xprv", file];
    const input = JSON.stringify(await planned());
    const { stdout, stderr } = spawnSync(process.execPath, args, { input, encoding: "utf8" });
    expect(stderr).toBe("");
    expect(stdout).not.toContain("xprv");
    const outcomes = await submit(JSON.parse(stdout), { rpcUrl: anvil.url, key });
    expect(outcomes).toMatchObject([{ outcome: "moved", amountMicro: "2000000" }]);
  });
});
