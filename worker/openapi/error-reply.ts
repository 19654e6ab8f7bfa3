// The one shape of every failure, as the description writes it. What fills it is shared/errors.ts.

import * as z from "zod";
import { ERROR_CODES } from "../../shared/errors.ts";
import { named } from "./named.ts";

export const ErrorReply = named(
  "Error",
  z.strictObject({
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
