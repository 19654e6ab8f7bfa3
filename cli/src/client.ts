// The SDK, as this command uses it.

import { CodeRunner } from "../../client/src/client.ts";
import type { Access } from "./config.ts";
import { quickFetch } from "./http.ts";

/** Somebody waits: what cannot be had soon is better told. */
const RETRIES = 2;
const RETRY_WAIT_MS_MAX = 5_000;

/** A client of the service, with the key that belongs to it. */
export function clientFor({ url, key }: Access): CodeRunner {
  return new CodeRunner({
    baseUrl: url,
    apiKey: key,
    fetch: quickFetch,
    retries: RETRIES,
    retryWaitMsMax: RETRY_WAIT_MS_MAX,
    headers: { "User-Agent": `coderunner/${CODERUNNER_VERSION}` },
  });
}
