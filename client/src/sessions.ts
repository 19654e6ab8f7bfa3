/// <reference lib="esnext.disposable" preserve="true" />
// Sessions: places where files, and the state of programs, stay from one execution to the next.

import { Files } from "./files.ts";
import { type CallOptions, type Http, type RepeatableOptions, segment } from "./http.ts";
import { List, type Page } from "./list.ts";
import type { Runs, StreamOptions } from "./runs.ts";
import type { ExecutionStream } from "./stream.ts";
import type {
  Detached,
  Execution,
  InstalledPackage,
  LanguageName,
  Packages,
  Program,
  SessionInfo,
} from "./types.ts";

export type OpenOptions = RepeatableOptions & {
  language: LanguageName;
  version?: string;
  packages?: Packages;
};

/** The sessions of an account. */
export class Sessions {
  readonly #http: Http;
  readonly #runs: Runs;

  constructor(http: Http, runs: Runs) {
    this.#http = http;
    this.#runs = runs;
  }

  /** Opens one. */
  async open({ signal, idempotencyKey = "new", ...body }: OpenOptions): Promise<Session> {
    const wish = { path: "/api/sessions", body, idempotencyKey, signal };
    const info = await this.#http.json<SessionInfo>({ method: "POST", ...wish });
    return this.use(info.sessionId, info);
  }

  /** One, as its runner sees it now. */
  async get(id: string, options: CallOptions = {}): Promise<Session> {
    const info = await this.#http.json<SessionInfo>({ path: pathOf(id), ...options });
    return this.use(info.sessionId, info);
  }

  /** Newest first; with `state: "all"` also those that are gone. */
  list(
    query: CallOptions & { limit?: number; cursor?: string; state?: "live" | "all" } = {},
  ): List<"sessions", SessionInfo> {
    const { signal, ...rest } = query;
    return new List("sessions", (cursor) =>
      this.#http.json<Page<"sessions", SessionInfo>>({
        path: "/api/sessions",
        query: { ...rest, ...(cursor && { cursor }) },
        signal,
      }),
    );
  }

  /** One by its id, without asking for it. */
  use(id: string, info?: SessionInfo): Session {
    return new Session(this.#http, this.#runs, id, info);
  }

  /** Ends one, and what runs in it. */
  async delete(id: string, options: CallOptions = {}): Promise<void> {
    await this.#http.json({ method: "DELETE", path: pathOf(id), ...options });
  }
}

/** A session. With `await using` it is deleted at the end. */
export class Session {
  readonly id: string;
  /** What was last heard of it, if anything was. */
  info: SessionInfo | undefined;
  readonly files: Files;
  readonly #http: Http;
  readonly #runs: Runs;
  readonly #path: string;

  constructor(http: Http, runs: Runs, id: string, info?: SessionInfo) {
    this.id = id;
    this.info = info;
    this.#http = http;
    this.#runs = runs;
    this.#path = pathOf(id);
    this.files = new Files(http, this.#path);
  }

  /** Its id, as replies write it. */
  get sessionId(): string {
    return this.id;
  }

  /** Runs a program in it: a text, or all that can be said of one. */
  async execute(program: string | (Program & RepeatableOptions)): Promise<Execution> {
    return await this.#runs.execute(await this.#here(program));
  }

  /** The same, told of while it runs. */
  async stream(
    program: string | (Program & Omit<StreamOptions, "language">),
  ): Promise<ExecutionStream> {
    return this.#runs.stream(await this.#here(program));
  }

  /** The same, going on by itself. */
  async detach(
    program: string | (Program & RepeatableOptions & { webhook?: string }),
  ): Promise<Detached> {
    return await this.#runs.detach(await this.#here(program));
  }

  /** Interrupts what runs, as Ctrl-C would; says whether anything did. */
  async interrupt(options: CallOptions = {}): Promise<boolean> {
    return (await this.#post<{ interrupted: boolean }>("interrupt", options)).interrupted;
  }

  /** Forgets variables and keeps files. */
  async reset(options: CallOptions = {}): Promise<void> {
    await this.#post("reset", options);
  }

  /** Installs packages; says all that it has. */
  async install({ signal, ...packages }: Packages & CallOptions): Promise<InstalledPackage[]> {
    const reply = await this.#post<{ packages: InstalledPackage[] }>(
      "packages",
      { signal },
      packages,
    );
    return reply.packages;
  }

  /** Asks how it is. */
  async refresh(options: CallOptions = {}): Promise<SessionInfo> {
    this.info = await this.#http.json<SessionInfo>({ path: this.#path, ...options });
    return this.info;
  }

  /** Ends it, and what runs in it. */
  async delete(options: CallOptions = {}): Promise<void> {
    await this.#http.json({ method: "DELETE", path: this.#path, ...options });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.delete();
  }

  /** A program of this session; what language that is has to be asked once, where nobody has said. */
  async #here<Asked extends Program & CallOptions>(program: string | Asked) {
    const asked = typeof program === "string" ? { code: program } : program;
    const { signal } = asked as CallOptions;
    const { languageId } = this.info ?? (await this.refresh({ signal }));
    return { ...asked, language: languageId, sessionId: this.id };
  }

  /** All of these are as good twice as once. */
  async #post<Reply>(what: string, options: CallOptions, body?: object): Promise<Reply> {
    const path = `${this.#path}/${what}`;
    return await this.#http.json({ method: "POST", repeat: "always", path, body, ...options });
  }
}

function pathOf(id: string): string {
  return `/api/sessions/${segment(id)}`;
}
