// Derives deposit addresses from the extended public key of an account that is kept offline:
// m/0/index below it, which is what wallets call the receiving addresses. There is no way from here to
// a private key.

import { secp256k1 } from "@noble/curves/secp256k1";
import { HDKey } from "@scure/bip32";
import { bytesToHex } from "viem";
import { publicKeyToAddress } from "viem/utils";

/** The deposit address of this index, in lower case. */
export function depositAddress(xpub: string, index: number): `0x${string}` {
  const { publicKey } = HDKey.fromExtendedKey(xpub).deriveChild(0).deriveChild(index);
  if (publicKey === null) throw new Error("an extended key without a public key");
  const point = secp256k1.ProjectivePoint.fromHex(publicKey);
  const address = publicKeyToAddress(bytesToHex(point.toRawBytes(false)));
  return address.toLowerCase() as `0x${string}`;
}
