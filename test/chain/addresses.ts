// Where things are on a chain of the tests.

export const USDC = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913";
/** Who may mint, pause and blacklist. */
export const USDC_OWNER = "0x00000000000000000000000000000000000c0ffe";
/** The same contract at an address that is not USDC's. */
export const FAKE_USDC = "0xfa4e000000000000000000000000000000000bad";
/** A contract that calls USDC several times in one transaction: each with a selector and three words. */
export const BATCHER = "0xba7c000000000000000000000000000000000001";

/** What deposit addresses are derived from in the tests, and the private key that belongs to it. */
export const DEPOSIT_XPUB =
  "xpub6DT31A2JN7RzuQmVbr4JaakhmEnxjEJGDhHqEJ5UcpLGbkWBQLzG7Y9o7jK157ZucybjaWpLXNfWHkLBpbf2r5rZQHs1acJ8BRQD2tRzTSU";
export const DEPOSIT_XPRV =
  "xprv9zTgbeVQXjshgvh2VpXJDSoyDCxUKmaQrUNERufs4UoHixB2rog1ZjqKGUKDMofzMkAu7riD1WE2DkHEL7Aoy4rZpJcZJSxTAqAxNZAHjNZ";
/** Where the operator of the tests gathers what was deposited. */
export const TREASURY = "0x7ea50000000000000000000000000000000000e1";
