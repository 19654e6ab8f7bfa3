// Where things are on a chain of the tests.

export const USDC = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913";
/** Who may mint, pause and blacklist. */
export const USDC_OWNER = "0x00000000000000000000000000000000000c0ffe";
/** The same contract at an address that is not USDC's. */
export const FAKE_USDC = "0xfa4e000000000000000000000000000000000bad";
/** A contract that sends USDC to several in one transaction: its input is addresses and amounts, 32 bytes each. */
export const BATCHER = "0xba7c000000000000000000000000000000000001";
