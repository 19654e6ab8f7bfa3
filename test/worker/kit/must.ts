// What the checks of a property say when something is not so. An `expect` is too slow for millions.

/** Throws, with what was found, when something is not so. */
export function must(holds: boolean, rule: string, ...found: unknown[]): asserts holds {
  if (!holds) throw new Error(`it does not hold that ${rule}: ${found.map(String).join(", ")}`);
}
