// Which packages a caller may ask for, in the words of pip and npm: a name and what versions will do.
// Anything else those tools understand (addresses, paths, options, aliases) is refused here already,
// because it would say where to fetch from, and only the operator says that.

import * as z from "zod";
import { PACKAGE_REQUIREMENT_BYTES_MAX, PACKAGES_ASKED_MAX } from "./limits.ts";

/** Whose packages there are. */
export const PACKAGE_MANAGERS = ["pip", "npm"] as const;

/** A name, perhaps extras in brackets, perhaps versions: `requests`, `rich[jupyter]>=13,<15`. */
const PIP_REQUIREMENT =
  /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?(?:\[[a-z0-9._-]+(?:,[a-z0-9._-]+)*\])?(?: ?(?:===?|~=|!=|<=|>=|<|>) ?[a-z0-9.*+!_-]+(?: ?, ?(?:===?|~=|!=|<=|>=|<|>) ?[a-z0-9.*+!_-]+)*)?$/i;

/** A name, perhaps of a scope, and perhaps a version, a range or a tag: `left-pad`, `@types/node@^24`. */
const NPM_REQUIREMENT =
  /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*(?:@[a-z0-9^~<>=*][a-z0-9^~<>=*|.+ -]*)?$/i;

function requirement(form: RegExp, error: string) {
  const isFit = (text: string) => text.length <= PACKAGE_REQUIREMENT_BYTES_MAX && form.test(text);
  return z.string().refine(isFit, { error });
}

const PipRequirement = requirement(
  PIP_REQUIREMENT,
  "must be the name of a package and its versions, such as `requests==2.32.3`",
);
const NpmRequirement = requirement(
  NPM_REQUIREMENT,
  "must be the name of a package and its versions, such as `left-pad@1.3.0`",
);

/** What a session asks to have beside what the image has. */
export const PackagesRequest = z.strictObject({
  pip: z.array(PipRequirement).max(PACKAGES_ASKED_MAX).optional(),
  npm: z.array(NpmRequirement).max(PACKAGES_ASKED_MAX).optional(),
});
export type PackagesRequest = z.infer<typeof PackagesRequest>;
