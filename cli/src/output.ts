// What the command prints. What was asked for goes to stdout, everything about it to stderr. A reader that
// leaves early is told to whoever is at work, and is no failure; what waits for a reader is printed before
// the command ends.

import { harmless, isTerminal, type Style, styleFor } from "./terminal.ts";

export class Output {
  /** Whether somebody looks at what is printed. */
  readonly isTerminal: boolean;
  readonly style: Style;
  readonly errorStyle: Style;
  /** What stdout came to, once it came to something else than being read. */
  problem: NodeJS.ErrnoException | undefined;
  #onProblem: () => void = () => undefined;

  constructor() {
    this.isTerminal = isTerminal(process.stdout);
    this.style = styleFor(process.stdout);
    this.errorStyle = styleFor(process.stderr);
    process.stdout.on("error", (error) => {
      if (this.problem !== undefined) return;
      this.problem = error;
      this.#onProblem();
    });
    // Nobody is left to be told.
    process.stderr.on("error", () => undefined);
  }

  /** Has `handler` told when stdout cannot be written any more. */
  onProblem(handler: () => void): void {
    this.#onProblem = handler;
    if (this.problem !== undefined) handler();
  }

  /** As it is, without a line's end of ours. */
  write(data: string | Uint8Array): void {
    if (this.problem === undefined && data.length > 0) process.stdout.write(data);
  }

  line(text: string): void {
    this.write(`${text}\n`);
  }

  /** For scripts one line; for people one that can be read. */
  json(value: unknown): void {
    this.line(JSON.stringify(value, null, this.isTerminal ? 2 : undefined));
  }

  /** Rows under headings, in columns on a terminal and with tabs elsewhere, where headings would be in the way. */
  table(headings: readonly string[], rows: readonly (readonly (string | number | null)[])[]): void {
    const cells = rows.map((row) => row.map((cell) => harmless(String(cell ?? "-"))));
    if (!this.isTerminal) {
      for (const row of cells) this.line(row.join("\t"));
      return;
    }
    const widths = headings.map((heading, column) =>
      Math.max(heading.length, ...cells.map((row) => row[column]?.length ?? 0)),
    );
    const aligned = (row: readonly string[]) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd();
    this.line(this.style.dim(aligned(headings)));
    for (const row of cells) this.line(aligned(row));
  }

  /** About what is printed, for people; it ends up in no pipe. */
  note(text: string): void {
    process.stderr.write(`${this.errorStyle.dim(text)}\n`);
  }

  /** What went wrong, in one line. */
  failure(text: string): void {
    process.stderr.write(`${this.errorStyle.red("coderunner:")} ${harmless(text)}\n`);
  }

  /** Resolves when everything was taken, or cannot be any more. */
  async flush(): Promise<void> {
    // What a file answered to the last words is told a turn later.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.problem !== undefined || process.stdout.writableLength === 0) return;
    await new Promise<void>((resolve) => {
      process.stdout.once("error", () => resolve());
      process.stdout.write("", () => resolve());
    });
  }
}
