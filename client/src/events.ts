// Reads server-sent events, as the standard has them, as far as this service uses it: names and data.

export type ServerEvent = { name: string; data: string };

/** The events of a body, each as soon as it is whole. What comes after the last whole one is none. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      // Where the last look has ended, less what may be half of an end.
      let from = Math.max(0, text.length - 3);
      text += decoder.decode(value, { stream: true });
      for (;;) {
        const end = endIn(text, from);
        if (end === undefined) break;
        const event = eventOf(text.slice(0, end.at));
        text = text.slice(end.after);
        from = 0;
        if (event !== undefined) yield event;
      }
    }
  } finally {
    // Whoever stops reading hangs up.
    await reader.cancel().catch(() => undefined);
  }
}

const END = /\r?\n\r?\n/g;

function endIn(text: string, from: number): { at: number; after: number } | undefined {
  END.lastIndex = from;
  const found = END.exec(text);
  return found === null ? undefined : { at: found.index, after: END.lastIndex };
}

function eventOf(block: string): ServerEvent | undefined {
  let name = "message";
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    const [, field, value = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (field === "event") name = value;
    if (field === "data") data.push(value);
  }
  return data.length === 0 ? undefined : { name, data: data.join("\n") };
}
