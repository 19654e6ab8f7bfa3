// POST /api/keys: opens an account and hands out its key, at once and without a sign-up. How many
// one address may have is counted; the key is shown here and never again.

import * as z from "zod";
import { Failure } from "../../shared/errors.ts";
import { FREE_CREDITS } from "../../shared/limits.ts";
import { CREDIT_MICRO, creditsOf } from "../../shared/money.ts";
import { failureOf } from "../admission.ts";
import type { Call } from "../call.ts";
import { visitorIdOf } from "../client-address.ts";
import { settingsOf } from "../env.ts";
import { handle } from "../handle.ts";
import { newKey } from "../key.ts";
import { withAccount, withVisitor } from "../objects.ts";

const NAME_CHARACTERS_MAX = 100;

const CreateKeyRequest = z.object({
  name: z
    .string()
    .max(NAME_CHARACTERS_MAX, { error: `must be at most ${NAME_CHARACTERS_MAX} characters` })
    .nullish(),
});

export const createKey = handle({
  body: CreateKeyRequest,
  run: async ({ name }, call) => {
    const accountId = call.env.ACCOUNTS.newUniqueId().toString();
    await countKey(call, accountId);
    const key = await newKey(accountId);
    const state = await withAccount(call.env, accountId, (account) =>
      account.create({
        keyHash: key.hash,
        ...(name ? { keyName: name.toWellFormed() } : {}),
        grantMicro: FREE_CREDITS * CREDIT_MICRO,
      }),
    );
    if (state === undefined) throw new Error("a new account id is not one of this deployment");
    call.line.account = accountId;
    const { plan, ratePerMinute, balanceMicro } = state;
    const credits = creditsOf(balanceMicro);
    return { status: 201, body: { apiKey: key.text, accountId, plan, credits, ratePerMinute } };
  },
});

async function countKey(call: Call, accountId: string): Promise<void> {
  const { env, request } = call;
  const { INSTANT_KEYS_PER_DAY } = settingsOf(env);
  if (INSTANT_KEYS_PER_DAY === 0) {
    throw new Failure("unauthorized", { message: "Instant keys are switched off here." });
  }
  const visitorId = await visitorIdOf(request, env);
  const answer = await withVisitor(
    env,
    visitorId,
    async (visitor) => await visitor.takeKey(accountId, INSTANT_KEYS_PER_DAY),
  );
  if (!answer.ok) throw failureOf(answer);
}
