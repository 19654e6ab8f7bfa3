// GET /api/webhook-secret: what the account's webhooks are signed with, for whoever receives them.

import { handle, NoBody } from "../handle.ts";
import { visit } from "../visit.ts";

export const showWebhookSecret = handle({
  body: NoBody,
  run: async (_body, call) => {
    const { found } = await visit<{ secret: string }>(call, async (account, keyHash) => {
      return await account.webhookSecret(keyHash);
    });
    return { body: { secret: found.secret } };
  },
});
