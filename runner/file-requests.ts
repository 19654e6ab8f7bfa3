// Requests about files to one supervisor, several at a time. Each has a number, is answered once, and
// is under way for as long as that takes; what comes for a number that is not under way, or is more
// than was asked for, is a fault of the sandbox. So is silence, but only while something is owed to us:
// a slow reader or writer on our side is nobody's fault. Knows nothing of what files are for.

import { SANDBOX_CLEAN_MS_MAX } from "../shared/limits.ts";
import {
  encodeAsk,
  encodeOn,
  encodePart,
  type FileAsk,
  type FileFrame,
  type FileTold,
} from "./file-frames.ts";
import type { FileListener, Link, SandboxFault } from "./link.ts";

/** Parts that may be on their way at once, for each request: enough to keep both ends at work. */
export const PARTS_AHEAD = 8;
/** Requests that may be under way at once; the supervisor has room for 16. */
const QUICK_MAX = 8;
const SLOW_MAX = 8;

/** What a supervisor is asked for; `parts` are the link's business. */
export type Wish = Omit<FileAsk, "parts">;

/** How a request is to be counted: `slow` ones wait for somebody outside, `quick` ones do not. */
export type Pace = "quick" | "slow";

type Slots = { free: number; waiters: (() => void)[] };

export class FileRequests implements FileListener {
  readonly #link: Link;
  readonly #wake: () => Promise<void>;
  readonly #requests = new Map<number, FileRequest>();
  readonly #slots: Record<Pace, Slots> = {
    quick: { free: QUICK_MAX, waiters: [] },
    slow: { free: SLOW_MAX, waiters: [] },
  };
  #number = 0;
  #held: Promise<void> | undefined;

  /** `wake` is called before each request; while any is under way, the supervisor must be let work. */
  constructor(link: Link, wake: () => Promise<void>) {
    this.#link = link;
    this.#wake = wake;
    link.fileListener = this;
  }

  /** Whether a slow request would have to wait for another one. */
  get isFull(): boolean {
    return this.#slots.slow.free <= 0;
  }

  /** How many are under way. */
  get size(): number {
    return this.#requests.size;
  }

  /** Lets requests wait, while there is no job whose files they could be about, until it is resolved. */
  hold(until: Promise<unknown>): void {
    const held = until.then(
      () => undefined,
      () => undefined,
    );
    this.#held = held;
    held.then(() => {
      if (this.#held === held) this.#held = undefined;
    });
  }

  /** Makes a request, as soon as there is room for one. Throws SandboxFault. */
  async begin(wish: Wish, pace: Pace): Promise<FileRequest> {
    await this.#takeSlot(this.#slots[pace]);
    await this.#wake().catch((thrown) => this.#link.fail(`it could not be thawed: ${thrown}`));
    while (this.#held !== undefined) await this.#held;
    const giveBack = () => this.#giveSlot(this.#slots[pace]);
    if (this.#link.fault !== undefined) {
      giveBack();
      throw this.#link.fault;
    }
    this.#number = (this.#number + 1) >>> 0;
    const request = new FileRequest(this.#link, this.#number, wish);
    this.#requests.set(request.number, request);
    request.told.catch(() => undefined).finally(giveBack);
    request.begin();
    return request;
  }

  hear(frame: FileFrame): void {
    const request = this.#requests.get(frame.request);
    if (request === undefined) return this.#link.fail(`${frame.type} for no request`);
    if (frame.type === "told") this.#requests.delete(frame.request);
    const wrong = request.hear(frame);
    if (wrong !== undefined) this.#link.fail(wrong);
  }

  fail(fault: SandboxFault): void {
    const all = [...this.#requests.values()];
    this.#requests.clear();
    for (const request of all) request.fail(fault);
  }

  #takeSlot(slots: Slots): Promise<void> | undefined {
    if (slots.free-- > 0) return undefined;
    return new Promise((resolve) => slots.waiters.push(resolve));
  }

  #giveSlot(slots: Slots): void {
    slots.free++;
    slots.waiters.shift()?.();
  }
}

/** One request, from its making to its answer. */
export class FileRequest {
  readonly number: number;
  /** What became of it. */
  readonly told: Promise<FileTold>;
  readonly #link: Link;
  /** All frames of a request are about the job it was made for, which may be over by then. */
  readonly #job: number;
  readonly #wish: Wish;
  readonly #parts: Buffer[] = [];
  readonly #resolve: (told: FileTold) => void;
  readonly #reject: (fault: SandboxFault) => void;
  #found: FileTold | undefined;
  #answer: FileTold | undefined;
  #fault: SandboxFault | undefined;
  #isClosing = false;
  /** Parts that may still be sent to us, or that have not been acknowledged. */
  #owed = 0;
  #taken = 0;
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #wake: (() => void) | undefined;

  constructor(link: Link, number: number, wish: Wish) {
    this.#link = link;
    this.#job = link.job;
    this.number = number;
    this.#wish = wish;
    const { promise, resolve, reject } = Promise.withResolvers<FileTold>();
    this.told = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get #isWrite(): boolean {
    return this.#wish.deed === "write";
  }

  /** Whether nothing more will come of it. */
  get isOver(): boolean {
    return this.#answer !== undefined || this.#fault !== undefined;
  }

  begin(): void {
    if (!this.#isWrite) this.#owed = PARTS_AHEAD;
    this.#send(encodeAsk(this.#job, this.number, { ...this.#wish, parts: this.#owed }));
  }

  /** Sends a part; resolves once there is room for another, or there is no point in one. */
  async write(part: Buffer): Promise<void> {
    if (this.isOver) return;
    this.#owed++;
    this.#send(encodePart(this.#job, this.number, part));
    while (this.#owed >= PARTS_AHEAD && !this.isOver) await this.#change();
  }

  /** All has been written, and is to be seen. */
  finish(): void {
    this.#close("whole");
  }

  /** Nobody wants it any more; resolves when it is over. */
  async stop(): Promise<void> {
    this.#close("stop");
    await this.told.catch(() => undefined);
  }

  #close(what: "whole" | "stop"): void {
    if (this.isOver || this.#isClosing) return;
    this.#isClosing = true;
    this.#send(encodeOn(this.#job, this.number, what));
  }

  /** What is going to be read; `undefined` when nothing is, and `told` says why. Throws SandboxFault. */
  async found(): Promise<FileTold | undefined> {
    while (this.#found === undefined && !this.isOver) await this.#change();
    if (this.#fault !== undefined) throw this.#fault;
    return this.#found;
  }

  /** The next part that came; `undefined` after the last. Throws SandboxFault. */
  async next(): Promise<Buffer | undefined> {
    while (this.#parts.length === 0 && !this.isOver) await this.#change();
    const part = this.#parts.shift();
    if (part === undefined && this.#fault !== undefined) throw this.#fault;
    if (part !== undefined && ++this.#taken >= PARTS_AHEAD / 2) this.#askForMore();
    return part;
  }

  #askForMore(): void {
    if (this.isOver || this.#isClosing) return;
    this.#owed += this.#taken;
    this.#send(encodeOn(this.#job, this.number, "more", this.#taken));
    this.#taken = 0;
  }

  /** Takes a frame; returns what is wrong with it, if anything is. */
  hear(frame: FileFrame): string | undefined {
    const wrong = this.#take(frame);
    this.#watch();
    this.#wake?.();
    return wrong;
  }

  #take(frame: FileFrame): string | undefined {
    switch (frame.type) {
      case "taken":
        if (this.#wish.deed === "remove-tree") return undefined; // a sign of life
        if (!this.#isWrite || this.#owed === 0) return "more taken than was sent";
        this.#owed--;
        return undefined;
      case "found":
        if (this.#wish.deed !== "read" || this.#found !== undefined)
          return "found what was not asked";
        if (frame.told.bytes > (this.#wish.max ?? 0)) return "a larger file than was asked for";
        this.#found = frame.told;
        return undefined;
      case "part":
        return this.#takePart(frame.part);
      case "told":
        this.#answer = frame.told;
        this.#resolve(frame.told);
        return this.#isWhole(frame.told) ? undefined : "a file of another length than was told";
    }
  }

  #takePart(part: Buffer): string | undefined {
    if (this.#isWrite || this.#owed-- === 0) return "more parts than were asked for";
    if (this.#wish.deed === "read" && this.#found === undefined) return "parts of nothing";
    this.#bytes += part.length;
    if (this.#found !== undefined && this.#bytes > this.#found.bytes)
      return "more of a file than it had";
    if (!this.#isClosing) this.#parts.push(part);
    return undefined;
  }

  #isWhole({ result, bytes }: FileTold): boolean {
    return this.#found === undefined || result !== "done" || bytes === this.#bytes;
  }

  fail(fault: SandboxFault): void {
    if (this.isOver) return;
    this.#fault = fault;
    this.#reject(fault);
    this.#watch();
    this.#wake?.();
  }

  #send(frame: Buffer): void {
    this.#link.send([frame]);
    this.#watch();
  }

  /** Anything but a write that is paused owes us an answer; each frame that comes begins the time anew. */
  #watch(): void {
    clearTimeout(this.#timer);
    const isOwed = this.#owed > 0 || this.#isClosing;
    if (this.isOver || !isOwed) return;
    const late = () => this.#link.fail(`no answer about a file within ${SANDBOX_CLEAN_MS_MAX} ms`);
    this.#timer = setTimeout(late, SANDBOX_CLEAN_MS_MAX);
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
