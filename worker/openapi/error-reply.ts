// The one shape of every failure, as the description writes it. What fills it is shared/errors.ts.

import * as z from "zod";
import { ERROR_CODES } from "../../shared/errors.ts";
import { named } from "./named.ts";

const Requirement = z.strictObject({
  scheme: z.string(),
  network: z.string(),
  maxAmountRequired: z.string().describe("In millionths of a USDC."),
  asset: z.string(),
  payTo: z.string(),
  maxTimeoutSeconds: z.int(),
  extra: z.strictObject({ name: z.string(), version: z.string() }),
  resource: z.string(),
  description: z.string(),
  mimeType: z.string(),
});

/** How to pay, in the words of the first version of x402; the second is in a header. */
const offer = {
  x402Version: z.literal(1).optional().describe("With 402, where payments are taken."),
  accepts: z.array(Requirement).optional().describe("What may be paid, as x402 has it."),
};

export const ErrorReply = named(
  "Error",
  z.strictObject({
    ...offer,
    error: z.strictObject({
      code: z.enum(ERROR_CODES),
      message: z.string().describe("A sentence for people."),
      requestId: z.string().describe("Under which the service's log knows the request."),
      field: z.string().optional().describe("The field at fault, such as `files[2].name`."),
      ranMs: z
        .int()
        .nonnegative()
        .optional()
        .describe("How long it ran, where that is paid for although there is no report of it."),
      retryAfterMs: z.int().nonnegative().optional().describe("How long it pays to wait."),
    }),
  }),
);
