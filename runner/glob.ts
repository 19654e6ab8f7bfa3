// Patterns of workspace paths: `?` is one character and `*` any number of them, within one part of a
// path; `**` as a part is any number of parts. As in a shell, neither stands for a dot that a name
// begins with. Everything else stands for itself. Patterns and names are both strangers', so matching
// takes no longer than their lengths multiplied, and what it takes is counted: no pattern is turned
// into a regular expression, which could be made to take for ever.

/** What matching may still cost, in comparisons; shared by everything that is matched for one caller. */
export type Budget = { steps: number };

/** Where in each of several patterns a path has got to. */
export type Progress = readonly (readonly number[])[];

const ANY_PARTS = "**";

/** Patterns, cut into their parts. */
export class Glob {
  readonly #patterns: readonly (readonly string[])[];
  readonly #budget: Budget;

  constructor(patterns: readonly string[], budget: Budget) {
    this.#budget = budget;
    this.#patterns = patterns.map((pattern) => {
      const parts = pattern.split("/");
      return parts.at(-1) === ANY_PARTS ? [...parts, "*"] : parts;
    });
  }

  /** Whether there are no steps left, so that nothing matches any more. */
  get isSpent(): boolean {
    return this.#budget.steps <= 0;
  }

  /** Where the workspace itself is. */
  begin(): Progress {
    return this.#patterns.map((parts) => spread(parts, [0]));
  }

  /** Where the entry called `name` of a directory at `progress` is. */
  enter(progress: Progress, name: string): Progress {
    return this.#patterns.map((parts, index) => this.#step(parts, progress[index] ?? [], name));
  }

  /** Whether a file at `progress` is one of those that are meant. */
  isMatch(progress: Progress): boolean {
    return progress.some((places, index) => places.includes(this.#patterns[index]?.length ?? -1));
  }

  /** Whether a directory at `progress` may hold any. */
  mayHold(progress: Progress): boolean {
    return progress.some((places, index) =>
      places.some((place) => place < (this.#patterns[index]?.length ?? 0)),
    );
  }

  #step(parts: readonly string[], places: readonly number[], name: string): number[] {
    const next = new Set<number>();
    for (const place of places) {
      const part = parts[place];
      if (part === undefined) continue;
      if (part === ANY_PARTS) {
        if (!name.startsWith(".")) next.add(place);
      } else if (isPartMatch(part, name, this.#budget)) {
        next.add(place + 1);
      }
    }
    return spread(parts, next);
  }
}

/** `**` may also stand for no part at all. */
function spread(parts: readonly string[], places: Iterable<number>): number[] {
  const all = new Set<number>();
  for (let place of places) {
    all.add(place);
    while (parts[place] === ANY_PARTS) all.add(++place);
  }
  return [...all];
}

/** Whether one part of a pattern is one name. Only the last `*` that was met is ever gone back to. */
export function isPartMatch(pattern: string, name: string, budget: Budget): boolean {
  if (name.startsWith(".") && !pattern.startsWith(".")) return false;
  let [at, in_] = [0, 0];
  let star: { at: number; in_: number } | undefined;
  while (in_ < name.length) {
    if (budget.steps-- <= 0) return false;
    const wanted = pattern[at];
    if (wanted === "*") {
      star = { at: at++, in_ };
    } else if (wanted === "?" || (wanted !== undefined && wanted === name[in_])) {
      at++;
      in_ += wanted === "?" ? widthAt(name, in_) : 1;
    } else if (star !== undefined) {
      star.in_++;
      at = star.at + 1;
      in_ = star.in_;
    } else {
      return false;
    }
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}

/** A character outside of the basic plane is two units of a string. */
function widthAt(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}
