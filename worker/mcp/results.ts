// How a tool's result is told: as content blocks that a model can read and see, and as an object that
// a program can use. Pictures are image blocks, other files are resources, and neither is repeated in
// the object, which some hosts put before the model as well.

import type { CallToolResult, ContentBlock } from "@modelcontextprotocol/server";
import * as z from "zod";
import { Failure } from "../../shared/errors.ts";
import { OUTPUT_BYTES_MAX, RESULT_BYTES_MAX } from "../../shared/limits.ts";
import { readBytes } from "../body.ts";
import { ApiExecution } from "../faces/api.ts";
import { ReturnedFile } from "../faces/fields.ts";

/** What came of a tool. */
export type Told = { content: ContentBlock[]; structuredContent: object };

/** As `/api` answers, but that pictures and files are contents of their own. */
export const ExecutionTold = z.object({
  ...ApiExecution.shape,
  results: z
    .array(
      z.object({
        kind: z.enum(["value", "display"]),
        text: z.string().optional().describe("As plain text, where it can be told so."),
        types: z.array(z.string()).describe("The media types it was shown in."),
      }),
    )
    .describe("Values and pictures it showed; the pictures are contents of their own."),
  files: z
    .array(ReturnedFile.omit({ content: true, encoding: true }))
    .optional()
    .describe("Those that were asked for; what is in them are contents of their own."),
});

/** A file that was read. A text is here too; anything else only beside it. */
export const FileTold = z.object({
  path: z.string(),
  bytes: z.int().nonnegative(),
  mimeType: z.string(),
  text: z.string().optional(),
  truncated: z.boolean().describe("Whether only its beginning is here."),
});

const BINARY = "application/octet-stream";
const PLAIN = "text/plain";

/** The forms of pictures that models are shown, by how their files begin. */
const PICTURES: readonly [type: string, begins: RegExp][] = [
  ["image/png", /^\x89PNG\r\n/],
  ["image/jpeg", /^\xff\xd8\xff/],
  ["image/gif", /^GIF8[79]a/],
  ["image/webp", /^RIFF.{4}WEBP/s],
];
const BEGINNING_BYTES = 12;

/** What an object says, for whoever reads only texts. */
export function toldPlainly(structuredContent: object): Told {
  return { content: [text(JSON.stringify(structuredContent))], structuredContent };
}

/** What came of a program. */
export function toldExecution(execution: ApiExecution): Told {
  const { results, files, ...rest } = execution;
  const pictures = results.flatMap(({ data }) => picturesIn(data));
  const returned = (files ?? []).flatMap((file) => contentOf(file));
  return {
    content: [text(wordsOf(execution)), ...pictures, ...returned],
    structuredContent: {
      ...rest,
      results: results.map(({ kind, data }) => ({
        kind,
        ...(data[PLAIN] !== undefined && { text: data[PLAIN] }),
        types: Object.keys(data),
      })),
      ...(files && { files: files.map(({ content: _, encoding: __, ...about }) => about) }),
    },
  };
}

/** A file of a session, as it comes. What is too large to be told is refused before it is read. */
export async function toldFile(path: string, response: Response): Promise<Told> {
  const bytes = await readBytes(response, RESULT_BYTES_MAX);
  if (bytes === undefined) {
    await response.body?.cancel();
    const message = `The file is more than ${RESULT_BYTES_MAX} bytes; have a program of the session print the part you need.`;
    throw new Failure("payload_too_large", { field: "path", message });
  }
  const about = { path, bytes: bytes.length };
  const picture = pictureType(binaryText(bytes.subarray(0, BEGINNING_BYTES)));
  if (picture !== undefined) return toldPicture(about, picture, btoa(binaryText(bytes)));
  const truncated = bytes.length > OUTPUT_BYTES_MAX;
  const said = utf8(bytes.subarray(0, OUTPUT_BYTES_MAX), truncated);
  if (said !== undefined) {
    const structuredContent = { ...about, mimeType: PLAIN, text: said, truncated };
    return { content: [text(said)], structuredContent };
  }
  return {
    content: [resource(path, { mimeType: BINARY, blob: btoa(binaryText(bytes)) })],
    structuredContent: { ...about, mimeType: BINARY, truncated: false },
  };
}

function toldPicture(about: { path: string; bytes: number }, mimeType: string, data: string): Told {
  const structuredContent = { ...about, mimeType, truncated: false };
  return { content: [{ type: "image", mimeType, data }], structuredContent };
}

/** An execution in words: what it printed, and a last line that says how it ended. */
function wordsOf(execution: ApiExecution): string {
  const { stdout, stderr, result, files = [] } = execution;
  const absent = files.filter(({ content }) => content === undefined).map(({ name }) => name);
  return [
    stdout,
    stderr && `[stderr]\n${stderr}`,
    result !== null && `[result]\n${result}`,
    absent.length > 0 && `[too large to come along: ${absent.join(", ")}]`,
    `[${endOf(execution)}]`,
  ]
    .filter(Boolean)
    .join("\n");
}

function endOf(execution: ApiExecution): string {
  const { outcome, exitCode, signal, duration, credits, demo } = execution;
  const cut = execution.stdoutTruncated || execution.stderrTruncated;
  return [
    outcome,
    exitCode !== null && `exit code ${exitCode}`,
    signal !== null && signal,
    `${duration} ms`,
    cut && "output was cut",
    credits && `${credits.remaining} credits left`,
    demo && `${demo.remaining} runs left today without a key`,
  ]
    .filter((part) => typeof part === "string")
    .join(", ");
}

/** The pictures among the forms of a value, the first that a model can see of each. */
function picturesIn(data: ApiExecution["results"][number]["data"]): ContentBlock[] {
  for (const mimeType of ["image/png", "image/jpeg"] as const) {
    const picture = data[mimeType];
    if (picture !== undefined) return [{ type: "image", mimeType, data: picture }];
  }
  const drawing = data["image/svg+xml"];
  if (drawing === undefined) return [];
  const contents = drawing.trimStart().startsWith("<") ? { text: drawing } : { blob: drawing };
  return [resource("drawing.svg", { mimeType: "image/svg+xml", ...contents })];
}

function contentOf({ name, content }: ReturnedFile): ContentBlock[] {
  if (content === undefined) return [];
  const begins = atob(content.slice(0, (BEGINNING_BYTES * 4) / 3));
  const picture = pictureType(begins);
  if (picture !== undefined) return [{ type: "image", mimeType: picture, data: content }];
  const said = utf8(Uint8Array.from(atob(content), (one) => one.charCodeAt(0)));
  if (said === undefined) return [resource(name, { mimeType: BINARY, blob: content })];
  return [resource(name, { mimeType: PLAIN, text: said })];
}

function pictureType(beginning: string): string | undefined {
  return PICTURES.find(([, begins]) => begins.test(beginning))?.[0];
}

/** The text that bytes are, or `undefined`. Where they were cut, the last character may be, too. */
function utf8(bytes: Uint8Array, isCut = false): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes, {
      stream: isCut,
    });
  } catch {
    return undefined;
  }
}

/** A character a byte; in pieces, because a call takes only so many arguments. */
function binaryText(bytes: Uint8Array): string {
  const step = 8192;
  let all = "";
  for (let at = 0; at < bytes.length; at += step) {
    all += String.fromCharCode(...bytes.subarray(at, at + step));
  }
  return all;
}

type Contents = { mimeType: string } & ({ text: string } | { blob: string });

function resource(name: string, contents: Contents): ContentBlock {
  const uri = `workspace:///${name.split("/").map(encodeURIComponent).join("/")}`;
  return { type: "resource", resource: { uri, ...contents } };
}

function text(words: string): Extract<CallToolResult["content"][number], { type: "text" }> {
  return { type: "text", text: words };
}
