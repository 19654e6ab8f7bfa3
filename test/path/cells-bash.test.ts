// What a session of Bash keeps from cell to cell, and that whatever would end a shell ends the cell only.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the programs have placeholders of their own

import { afterEach, describe, expect, it } from "vitest";
import { shareCells } from "../kit/cells.ts";

const { cell, textOf, reset } = shareCells("bash");

afterEach(reset);

describe("a session of Bash", () => {
  it("keeps all that a shell has", async () => {
    await textOf(`x=1; export E=e; f() { echo "f $1"; }; shopt -s expand_aliases; alias hi='echo hi'
arr=(a b); declare -A map=([k]=v); declare -n ref=x; readonly ro=r; cd /tmp; umask 077; set -- p q
set -o pipefail; shopt -s nullglob; trap 'echo usr' USR1; pushd / > /dev/null; sleep 60 &`);
    expect(
      await textOf(`f y; hi; echo "$x $E \${arr[1]} \${map[k]} $ref $ro $PWD $(umask) $*"
env | grep ^E=; shopt nullglob; shopt -o pipefail; kill -USR1 $$; dirs; jobs`),
    ).toMatch(
      /^f y\nhi\n1 e b v 1 r \/ 0077 p q\nE=e\nnullglob\s+on\npipefail\s+on\nusr\n\/ \/tmp\n\[1\]\+ {2}Running/,
    );
  });

  it("looks like one shell, and like nothing of ours", async () => {
    const source =
      'echo "$0 $# $- $LINENO ${#BASH_SOURCE[@]} ${#FUNCNAME[@]} $SHLVL ${BASH_ENV-none} ${LD_PRELOAD-none}"; declare -F; alias; trap; set | grep -c coder';
    expect((await cell(source)).stdout).toBe("bash 0 hB 1 0 0 1 none none\n0\n");
    expect(await textOf('bash -c \'ls /proc/$$/fd | tr "\\n" " "\'')).toMatch(/^0 1 2 (3 )?$/);
  });
});

describe("the end of a cell", () => {
  it.each([
    ["exit 3", 3, "", ""],
    ["f() { local x=inner; exit 4; }; f; echo never", 4, "", ""],
    ["set -e; echo a; false; echo never", 1, "a\n", ""],
    ["set -u; echo $nothing; echo never", 1, "", "bash: line 1: nothing: unbound variable\n"],
    ["\n: ${nothing:?is missing}", 1, "", "bash: line 2: nothing: is missing\n"],
    [
      "echo a\nif then",
      2,
      "a\n",
      "bash: line 2: syntax error near unexpected token `then'\nbash: line 2: `if then'\n",
    ],
    ["nothing_like_this", 127, "", "bash: line 1: nothing_like_this: command not found\n"],
    ["(exit 9)", 9, "", ""],
    ["false | true; exit", 0, "", ""],
    ["trap 'echo bye $?' EXIT; exit 5", 5, "bye 5\n", ""],
    ["return 2> /dev/null; break 2> /dev/null; echo on", 0, "on\n", ""],
    ["x=1; x() { exit 6; }; y=$(x); echo $?", 0, "6\n", ""],
    ["ro=1; readonly ro; ro=2; echo never", 1, "", "bash: line 1: ro: readonly variable\n"],
  ])("%j", async (source, code, stdout, stderr) => {
    await textOf("kept=1");
    expect(await cell(source)).toMatchObject({ code, stdout, stderr, isWaiting: true });
    expect(await textOf('echo "$? $kept ${x-unset}"')).toMatch(
      new RegExp(`^${code} 1 (unset|1)\n$`),
    );
  });

  it("that has an exit trap is not the trap's, unless it exits", async () => {
    expect(await textOf("trap 'echo bye' EXIT; echo a")).toBe("a\n");
    expect(await textOf("trap -p")).toBe("trap -- 'echo bye' EXIT\n");
    expect(await cell("exit 1")).toMatchObject({ code: 1, stdout: "bye\n" });
    expect(await cell("exit 1")).toMatchObject({ code: 1, stdout: "" });
  });

  it.each([
    "while :; do :; done",
    "sleep 60; echo never",
    "f() { local z=1; sleep 60; }; f",
    "(while :; do :; done)",
    "x=$(sleep 60); echo never",
    "sleep 60 | cat",
    "sleep 60 & wait",
    "for ((;;)); do sleep 0.01; done",
    "read -r x < <(sleep 60); echo never",
    "trap 'echo bye' EXIT; sleep 60",
  ])("by an interrupt: %s", async (source) => {
    await textOf("kept=1");
    const ended = await cell(source, { interruptAfterMs: 150 });
    expect(ended).toMatchObject({ code: null, signal: 2, stdout: "", isWaiting: true });
    expect(await textOf('echo "$? $kept ${z-unset}"')).toBe("130 1 unset\n");
  });

  it("by an interrupt is the cell's own to prevent", async () => {
    const ended = await cell("trap 'echo int' INT; sleep 60; echo on", { interruptAfterMs: 150 });
    expect(ended).toMatchObject({ stdout: "int\non\n", isWaiting: true });
  });

  it("is the session's when the shell becomes something else", async () => {
    expect(await cell("exec sh -c 'echo other; exit 7'")).toMatchObject({
      code: 7,
      stdout: "other\n",
      isWaiting: false,
    });
  });
});

describe("a cell's input", () => {
  it("is its own, and what one leaves the next does not see", async () => {
    expect(await textOf('read -r a; echo "<$a>"', { stdin: "1\n2\n3" })).toBe("<1>\n");
    expect(await textOf("cat", { stdin: "all" })).toBe("all");
    expect(await textOf("read -r a || echo end; cat")).toBe("end\n");
  });
});

describe("a cell of a file", () => {
  it("is named as the file in messages", async () => {
    expect(await cell("\nnope", { name: "run.sh" })).toMatchObject({
      code: 127,
      stderr: "/workspace/run.sh: line 2: nope: command not found\n",
    });
  });
});
