// The files of a session. A path means what it says: no part of it may lead out of the session.

import { type CallOptions, type Http, segment, type Upload } from "./http.ts";
import type { FileEntry, WrittenFile } from "./types.ts";

/** A session's workspace. A path that ends in a slash is a directory's. */
export class Files {
  readonly #http: Http;
  readonly #base: string;

  /** Made by a session. */
  constructor(http: Http, sessionPath: string) {
    this.#http = http;
    this.#base = `${sessionPath}/files`;
  }

  /** Writes a file whole; directories on its way are made. What is sent as a stream is not sent twice. */
  async write(path: string, content: Upload, options: CallOptions = {}): Promise<WrittenFile> {
    const wish = { path: this.#pathOf(path), upload: content, ...options };
    return await this.#http.json({ method: "PUT", ...wish });
  }

  async read(path: string, options: CallOptions = {}): Promise<Uint8Array> {
    const wish = { path: this.#pathOf(path), ...options };
    return await this.#http.ask(
      wish,
      async (response) => new Uint8Array(await response.arrayBuffer()),
    );
  }

  async readText(path: string, options: CallOptions = {}): Promise<string> {
    return await this.#http.ask({ path: this.#pathOf(path), ...options }, (response) =>
      response.text(),
    );
  }

  /** A file as it comes, for one that is not to be held in memory. */
  async stream(path: string, options: CallOptions = {}): Promise<ReadableStream<Uint8Array>> {
    return await this.#http.ask({ path: this.#pathOf(path), ...options }, async ({ body }) => {
      return body ?? new ReadableStream({ start: (controller) => controller.close() });
    });
  }

  /** What a directory holds; the workspace itself when none is named. */
  async list(
    directory = "",
    options: CallOptions = {},
  ): Promise<{ entries: FileEntry[]; truncated: boolean }> {
    const name = directory.replace(/\/*$/, "");
    const path = name === "" ? `${this.#base}/` : this.#pathOf(`${name}/`);
    return await this.#http.json({ path, ...options });
  }

  /** Removes a file; or, where the path ends in a slash, a directory with all it holds. */
  async remove(path: string, options: CallOptions = {}): Promise<void> {
    await this.#http.json({ method: "DELETE", path: this.#pathOf(path), ...options });
  }

  #pathOf(path: string): string {
    const isDirectory = path.endsWith("/");
    const parts = (isDirectory ? path.slice(0, -1) : path).split("/");
    return `${this.#base}/${parts.map(segment).join("/")}${isDirectory ? "/" : ""}`;
  }
}
