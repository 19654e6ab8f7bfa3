// A shell in the unpacked image, on the host and in no sandbox, that is started once and then told
// what to run: so that what is timed is the tool and not the way to it. It has a /proc and a /dev of
// its own, in a mount namespace that is gone with it.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";

const ENTER = `mount -t proc proc "$0/proc" && mount --bind /dev "$0/dev" && exec chroot "$0" /bin/bash`;
const END = "\0";

export class BareShell {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;

  /** Opens a shell whose root directory is `root`. The caller closes it. */
  constructor(root: string) {
    const flags = ["--mount", "--pid", "--fork", "--kill-child"];
    this.#process = spawn("unshare", [...flags, "sh", "-c", ENTER, root], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#process.stdout.setEncoding("utf8");
    this.#process.on("error", () => undefined); // whoever waits for output hears that there is none
  }

  /** What `command` prints, once it has ended. Rejects when that takes longer than `msMax`. */
  run(command: string, msMax: number): Promise<string> {
    return new Promise((resolve, reject) => {
      let text = "";
      const { stdout, stdin } = this.#process;
      const leave = () => {
        clearTimeout(timer);
        stdout.off("data", take).off("end", end);
      };
      const take = (chunk: string) => {
        text += chunk;
        if (!text.endsWith(END)) return;
        leave();
        resolve(text.slice(0, -END.length));
      };
      const end = () => {
        leave();
        reject(new Error(`no shell to run ${command}`));
      };
      const timer = setTimeout(end, msMax);
      stdout.on("data", take).on("end", end);
      stdin.write(`${command}\nprintf '\\0'\n`);
    });
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.stdin.end();
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), 5_000);
    await ended;
    clearTimeout(timer);
  }
}
