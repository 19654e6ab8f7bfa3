// What a Bash program meets in a sandbox: a fresh shell that runs a script, with nothing to be seen
// of what waited for it.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the programs have placeholders of their own

import { describe, expect, it } from "vitest";
import { shareRunner } from "../kit/shared-runner.ts";

const { run, outputOf } = shareRunner();

describe("a Bash program", () => {
  it("is a fresh shell that runs a script", async () => {
    await new Promise((resolve) => setTimeout(resolve, 3000)); // as long as a warm shell may wait
    const code =
      'echo "$0 $# $BASH_SOURCE $LINENO $SECONDS $SHLVL $? ${BASH_ENV-none} $-"; declare -F; jobs; alias; trap';
    // Bash counts whole seconds of the clock: a script that sees one end is a second old at once.
    expect(await outputOf("bash", code)).toMatch(
      /^\/workspace\/main\.sh 0 \/workspace\/main\.sh 1 [01] 1 0 none hB\n$/,
    );
  });

  const ends: [string, string, number | null, string][] = [
    ["the code of its last command", "false", 1, ""],
    ["a command that is not there", "nothing_like_this", 127, ""],
    ["set -e", "set -e; echo a; false; echo b", 1, "a\n"],
    ["pipefail", "set -o pipefail; false | true", 1, ""],
    ["an exit trap", "trap 'echo bye' EXIT; echo hi; exit 4", 4, "hi\nbye\n"],
    ["a here document", "cat <<X\n$((6 * 7))\nX", 0, "42\n"],
    [
      "arrays and maps",
      'declare -A m=([a]=1); l=(x y); echo "${m[a]} ${#l[@]} ${l[-1]}"',
      0,
      "1 2 y\n",
    ],
    ["process substitution", "diff <(echo a) <(echo a) && paste <(echo 1) <(echo 2)", 0, "1\t2\n"],
    [
      "background jobs",
      "for i in 1 2 3; do (sleep 0.$((i * 3)); echo $i) & done; wait; echo all",
      0,
      "1\n2\n3\nall\n",
    ],
    [
      "a coprocess",
      'coproc cat; echo hi >&"${COPROC[1]}"; read -r x <&"${COPROC[0]}"; echo "$x"',
      0,
      "hi\n",
    ],
    ["descriptors of its own", "exec 3> out; echo three >&3; exec 3>&-; cat out", 0, "three\n"],
    [
      "reading a file line by line",
      "printf 'a\\nb\\n' > f; while read -r l; do echo \"<$l>\"; done < f",
      0,
      "<a>\n<b>\n",
    ],
    [
      "the usual tools",
      "printf '3\\n1\\n2\\n' | sort | head -2 | tr '\\n' ' '; echo x | sed s/x/y/; echo 'a b' | awk '{print $2}'; seq 3 | grep -c .; find . -name main.sh; date +%Y | grep -c ^2",
      0,
      "1 2 y\nb\n3\n./main.sh\n1\n",
    ],
    ["an error at its own line", "echo a\nif", 2, "a\n"],
  ];

  it.each(ends)("ends as anywhere with %s", async (_what, code, exitCode, stdout) => {
    const report = await run("bash", code);
    expect({ exitCode: report.exitCode, stdout: report.stdout }, report.stderr).toEqual({
      exitCode,
      stdout,
    });
    expect(report.stderr).not.toContain("coderunner");
  });
});
