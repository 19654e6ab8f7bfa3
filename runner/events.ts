// What a stage says, as the events of a stream. A character that arrives in two parts is held back
// until it is whole; what is not UTF-8 becomes U+FFFD, as it does in a report.

import { StringDecoder } from "node:string_decoder";
import { OUTPUT_BYTES_MAX } from "../shared/limits.ts";
import type { ExecutionEvent } from "../shared/runner-api.ts";
import type { StageListener } from "./running.ts";

/** A listener that passes on, as events, what one stage says. */
export function listenerOf(
  stage: "compile" | "run",
  listener: (event: ExecutionEvent) => void,
): StageListener {
  const streams = { stdout: textOf(), stderr: textOf() };
  return {
    onOutput: (type, data) => {
      const text = streams[type](data);
      if (text !== "") listener({ type, stage, text });
    },
    onShown: (value) => listener({ type: "shown", value }),
  };
}

/** Decodes one stream, no more of it than a report keeps. */
function textOf(): (data: Buffer) => string {
  const decoder = new StringDecoder("utf8");
  let left = OUTPUT_BYTES_MAX;
  return (data) => {
    const kept = data.subarray(0, left);
    left -= kept.length;
    return decoder.write(kept);
  };
}
