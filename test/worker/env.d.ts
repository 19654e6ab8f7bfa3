// Tells the compiler what `env` and `exports` are inside the tests: the gateway's own.

import type { Env as GatewayEnv } from "../../worker/env.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where a new chain is to be had (test/chain/house.ts). */
    chainHouse: string;
  }
}

declare global {
  namespace Cloudflare {
    interface Env extends GatewayEnv {}
    interface GlobalProps {
      mainModule: typeof import("../../worker/index.ts");
    }
  }
}
