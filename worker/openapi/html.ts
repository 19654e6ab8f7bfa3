// Makes HTML of values without trusting any of them: whatever is put into a template is escaped,
// unless it was made by one.

/** A piece of HTML. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | string | number | undefined | readonly Part[];

const ESCAPES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** HTML with values in it. Lists are put in one after another, and what is undefined is left out. */
export function html(pieces: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const text = pieces.map((piece, index) => (index === 0 ? "" : render(parts[index - 1])) + piece);
  return new Html(text.join(""));
}

/** A sentence in which what stands between backticks is code. */
export function prose(text: string): Html {
  const parts = text.split("`").map((part, index) => {
    return index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`;
  });
  return new Html(parts.map((part) => part.text).join(""));
}

function render(part: Part): string {
  if (part === undefined) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(render).join("");
  return String(part).replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}
