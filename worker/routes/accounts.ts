// PATCH /admin/accounts/:accountId: what an operator may change about an account. Opened by one
// token for the deployment; without a token, or with one too short to be random, nobody gets in.
// Every use is in the log with what was changed.

import * as z from "zod";
import { Failure } from "../../shared/errors.ts";
import { newId } from "../../shared/ids.ts";
import { GRANT_CREDITS_MAX, RATE_PER_MINUTE_MAX } from "../../shared/limits.ts";
import { CREDIT_MICRO, creditsOf } from "../../shared/money.ts";
import { PLANS } from "../account/told.ts";
import { requireAdmin } from "../admin.ts";
import { handle } from "../handle.ts";
import { claimOf, noteReplay } from "../idempotency.ts";
import { withAccount } from "../objects.ts";
import { REPEAT_ERRORS, REPEATABLE } from "../openapi/about.ts";

const grantRule = { error: `must be a whole number from 1 to ${GRANT_CREDITS_MAX}` };
const rateRule = { error: `must be a whole number from 1 to ${RATE_PER_MINUTE_MAX}, or null` };

// Strict, unlike the public routes: an operator's misspelt field must not pass for a change.
const ChangeRequest = z
  .strictObject({
    grantCredits: z.int(grantRule).min(1, grantRule).max(GRANT_CREDITS_MAX, grantRule).optional(),
    ratePerMinute: z
      .int(rateRule)
      .min(1, rateRule)
      .max(RATE_PER_MINUTE_MAX, rateRule)
      .nullable()
      .optional()
      .describe("`null` goes back to the plan's rate."),
    plan: z.enum(PLANS, { error: `must be one of ${PLANS.join(", ")}` }).optional(),
  })
  .refine((change) => Object.keys(change).length > 0, {
    error: "must name at least one of grantCredits, ratePerMinute, plan",
  });

const ChangedAccount = z.strictObject({
  accountId: z.string(),
  plan: z.enum(PLANS),
  ratePerMinute: z.int().positive(),
  credits: z.int().nonnegative().describe("What it has left."),
});

export const changeAccount = handle({
  summary: "Change an account",
  description: "Grants credits, and sets the plan or a rate of its own. What is absent stays.",
  tag: "Operators",
  operation: "changeAccount",
  access: "operator",
  guard: requireAdmin,
  body: ChangeRequest,
  reply: ChangedAccount,
  headers: REPEATABLE,
  errors: ["not_found", ...REPEAT_ERRORS],
  examples: {
    grant: {
      summary: "A thousand credits and the greater plan",
      body: { grantCredits: 1000, plan: "pro" },
    },
  },
  run: async (change, call, { accountId = "" }) => {
    Object.assign(call.line, { account: accountId, change });
    const { grantCredits, ratePerMinute, plan } = change;
    const grant = { id: newId("grant"), amountMicro: (grantCredits ?? 0) * CREDIT_MICRO };
    const claim = await claimOf(call);
    const state = await withAccount(
      call.env,
      accountId,
      async (account) =>
        await account.change({
          ...(grantCredits === undefined ? {} : { grant }),
          ...(ratePerMinute === undefined ? {} : { ratePerMinute }),
          ...(plan === undefined ? {} : { plan }),
          // An operator's keys are not the owner's.
          ...(claim && { claim: { ...claim, key: `operator:${claim.key}` } }),
        }),
    );
    if (state === undefined) throw new Failure("not_found", { message: "No such account." });
    if (state.made === "never") throw new Failure("idempotency_mismatch");
    if (state.made === "before") noteReplay(call);
    const credits = creditsOf(state.balanceMicro);
    return {
      body: { accountId, plan: state.plan, ratePerMinute: state.ratePerMinute, credits },
    };
  },
});
