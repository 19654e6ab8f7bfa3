// GET /api/webhook-secret: what the account's webhooks are signed with, for whoever receives them.

import * as z from "zod";
import { handle, NoBody } from "../handle.ts";
import { visit } from "../visit.ts";

export const showWebhookSecret = handle({
  summary: "Tell what webhooks are signed with",
  description:
    "The secret that the signature of every delivery is made with, by the rules of Standard Webhooks.",
  tag: "Executions",
  operation: "getWebhookSecret",
  reply: z.strictObject({ secret: z.string() }),
  examples: { one: { summary: "That of the account" } },
  body: NoBody,
  run: async (_body, call) => {
    const { found } = await visit<{ secret: string }>(call, async (account, keyHash) => {
      return await account.webhookSecret(keyHash);
    });
    return { body: { secret: found.secret } };
  },
});
