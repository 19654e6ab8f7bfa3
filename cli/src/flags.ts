// What a flag and a command are, as the table of commands says them. Parsing, help and completion are
// all made from these; nothing about a command is said anywhere else.

/** What a shell may offer where a value is due. */
export type Offer = "languages" | "files" | "directories" | "nothing" | readonly string[];

export type Flag = {
  /** A flag with a `value` takes one, called so in help; one without is a switch. */
  value?: string;
  short?: string;
  isRepeated?: true;
  help: string;
  offer?: Offer;
};

export type Flags = Readonly<Record<string, Flag>>;

/** What was written, by the name of its flag. */
export type Values = {
  text: (name: string) => string | undefined;
  texts: (name: string) => readonly string[];
  has: (name: string) => boolean;
};

export type Example = { does: string; line: string };

export type CommandInfo = {
  /** The words that call it, such as `sessions open`. */
  name: string;
  summary: string;
  /** How its other words are called, such as `SESSION PATH`; those in brackets may be left out. */
  takes?: string;
  offer?: Offer;
  /** Whether what follows `--` is for the program that is run. */
  hasProgramArgs?: true;
  /** Whether it works with settings that will not do, because it mends them or needs none. */
  needsNoSettings?: true;
  flags: Flags;
  examples: readonly Example[];
};

/** How many words a command takes, counted in `takes`. */
export function arityOf({ takes = "" }: CommandInfo): { least: number; most: number } {
  const words = takes.split(" ").filter((word) => word !== "");
  const isOpen = words.some((word) => word.includes("…"));
  return {
    least: words.filter((word) => !word.startsWith("[")).length,
    most: isOpen ? Number.POSITIVE_INFINITY : words.length,
  };
}
