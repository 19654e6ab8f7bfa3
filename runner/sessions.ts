// Which sessions there are: opened, found by id and account, refreshed by use, and gone when they
// have been idle for too long, had to make room, were deleted, or lost their sandbox. For a while it
// is remembered which of these it was. To another account a session is not there at all.

import { LRUCache } from "lru-cache";
import { Failure, type SessionEnding } from "../shared/errors.ts";
import { kindOf } from "../shared/languages.ts";
import {
  FREEZE_AFTER_MS,
  IMPLICIT_SESSIONS_MAX,
  SESSION_IDLE_MS_MAX,
  SESSION_MEMORY_MS,
} from "../shared/limits.ts";
import type { PackagesRequest } from "../shared/packages.ts";
import type {
  ExecutionReport,
  InstalledPackage,
  RunnerExecuteRequest,
  RunnerSession,
  RunnerSessionRequest,
} from "../shared/runner-api.ts";
import type { CompileCache } from "./compile-cache.ts";
import type { Execution } from "./executions.ts";
import type { Packages } from "./packages/packages.ts";
import type { Pool } from "./pool.ts";
import type { Sandbox } from "./sandbox.ts";
import { Session } from "./session.ts";
import type { Versions } from "./versions.ts";

export type SessionsOptions = {
  pool: Pool<Sandbox>;
  versions: Versions;
  cache: CompileCache;
  packages: Packages;
  log: { warn: (fields: object, text: string) => void };
};

type Remembered = { accountId: string; reason: SessionEnding };
type SessionExecuteRequest = RunnerExecuteRequest & { sessionId: string };

const UPKEEP_MS = 1000;
/** What is used finds out by itself that it has died. */
const CHECK_MS = 30_000;
const REMEMBERED_MAX = 100_000;

export class Sessions {
  readonly #options: SessionsOptions;
  /** In the order in which they were used last, the longest unused first. */
  readonly #live = new Map<string, Session>();
  readonly #gone = new LRUCache<string, Remembered>({
    max: REMEMBERED_MAX,
    ttl: SESSION_MEMORY_MS,
  });
  #upkeep: NodeJS.Timeout | undefined;
  #checkedMs = 0;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** Begins to look after what is idle, until the returned function is called. */
  open(): () => void {
    this.#upkeep = setInterval(() => this.#lookAfter(Date.now()), UPKEEP_MS);
    return () => clearInterval(this.#upkeep);
  }

  /** How many there are. */
  get count(): number {
    return this.#live.size;
  }

  /**
   * Opens a session that lasts until it has been idle for too long, with the packages it asks for.
   * Throws Failure: `busy` without room, and what packages may answer; then there is no session.
   */
  async create(request: RunnerSessionRequest): Promise<RunnerSession> {
    const session = await this.#make(request, { isImplicit: false });
    if (request.packages === undefined) return session.describe();
    try {
      const installed = await session.install(request.packages, this.#options.packages);
      return { ...session.describe(), packages: installed };
    } catch (thrown) {
      this.end(session, "deleted");
      this.#gone.delete(session.id);
      throw thrown;
    }
  }

  /** Puts more packages into a session. */
  async install(
    { id, accountId }: { id: string; accountId: string },
    wanted: PackagesRequest,
  ): Promise<InstalledPackage[]> {
    return await this.find(id, accountId).install(wanted, this.#options.packages);
  }

  /** A live session, used by this. Throws the Failure that says why there is none. */
  find(id: string, accountId: string): Session {
    const session = this.#live.get(id);
    if (session?.accountId === accountId && session.sandbox.fault === undefined) {
      this.#use(session);
      return session;
    }
    if (session?.accountId === accountId) this.end(session, "lost");
    throw this.#absence(id, accountId);
  }

  /** Runs a request in the session it names, which it may open. */
  async execute(request: SessionExecuteRequest, execution?: Execution): Promise<ExecutionReport> {
    const { sessionId, accountId, opensSession } = request;
    const askedAtMs = performance.now();
    const session =
      opensSession === true
        ? await this.#make(request, { isImplicit: true })
        : this.find(sessionId, accountId);
    try {
      return await session.execute(request, { execution, askedAtMs });
    } finally {
      if (session.sandbox.fault !== undefined) this.end(session, "lost");
      else if (this.#live.has(session.id)) this.#use(session);
      if (opensSession === true) this.#leaveImplicit(accountId);
    }
  }

  /**
   * Ends a session, for good; what runs in it is stopped. A second time it changes nothing. Unless its
   * sandbox is spent it is cleaned, and serves its account otherwise.
   */
  end(session: Session, reason: SessionEnding, { isSpent = true } = {}): void {
    if (!this.#live.delete(session.id)) return;
    this.#gone.set(session.id, { accountId: session.accountId, reason });
    session.close(reason);
    this.#options.pool.release(session.sandbox, { isSpent });
  }

  /** Gives up the longest unused session nobody was promised, if there is one that is idle. */
  giveUpOne(): boolean {
    const victim = [...this.#live.values()].find((s) => s.isImplicit && !s.isBusy);
    if (victim === undefined) return false;
    this.end(victim, "evicted");
    return true;
  }

  async #make(
    request: RunnerSessionRequest | SessionExecuteRequest,
    { isImplicit }: { isImplicit: boolean },
  ): Promise<Session> {
    const { sessionId: id, accountId, language } = request;
    if (this.#live.has(id) || this.#gone.has(id)) {
      throw new Failure("conflict", { message: "This id is in use." });
    }
    const { pool, versions, cache } = this.#options;
    const version = versions.select(language, request.version);
    const sandbox = await pool.take(accountId, kindOf(language));
    if (this.#live.has(id)) {
      pool.release(sandbox);
      throw new Failure("conflict", { message: "This id is in use." });
    }
    const session = new Session({
      id,
      accountId,
      language,
      version,
      isImplicit,
      sandbox,
      cache,
      pool,
    });
    this.#live.set(id, session);
    return session;
  }

  /** To be the last of those that were used. */
  #use(session: Session): void {
    session.lastUsedAtMs = Date.now();
    this.#live.delete(session.id);
    this.#live.set(session.id, session);
  }

  #absence(id: string, accountId: string): Failure {
    const gone = this.#gone.get(id);
    if (gone?.accountId !== accountId) return new Failure("unknown_session");
    return new Failure(`session_${gone.reason}`);
  }

  /** An account keeps only its newest implicit sessions; the others' sandboxes serve it otherwise. */
  #leaveImplicit(accountId: string): void {
    const own = [...this.#live.values()].filter((s) => s.isImplicit && s.accountId === accountId);
    const idle = own.filter((session) => !session.isBusy);
    for (const session of idle.slice(0, Math.max(0, own.length - IMPLICIT_SESSIONS_MAX))) {
      this.end(session, "evicted", { isSpent: false });
    }
  }

  /** Once a second: ends what is over, freezes what idles, finds out what has died. */
  #lookAfter(nowMs: number): void {
    const isCheck = nowMs - this.#checkedMs > CHECK_MS;
    for (const session of [...this.#live.values()]) {
      const { sandbox } = session;
      if (sandbox.fault !== undefined) this.end(session, "lost");
      else if (session.isBusy) continue;
      else if (nowMs - session.lastUsedAtMs > SESSION_IDLE_MS_MAX) this.end(session, "expired");
      else if (nowMs - session.quietSinceMs > FREEZE_AFTER_MS && !sandbox.isFrozen) {
        this.#inBackground(sandbox.freeze());
      } else if (sandbox.isFrozen && isCheck) this.#inBackground(sandbox.check());
    }
    if (isCheck) this.#checkedMs = nowMs;
  }

  #inBackground(work: Promise<void>): void {
    work.catch((thrown) => this.#options.log.warn({ err: thrown }, "session not looked after"));
  }
}
