// Completion for three shells, each a script made from the table of commands. All of them know the
// commands, the flags of each, and what may stand after a flag; none asks the service for anything.

import { LANGUAGE_IDS } from "../../shared/languages.ts";
import type { CommandInfo, Flag, Offer } from "./flags.ts";
import { COMMON_FLAGS } from "./parse.ts";

export const SHELLS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;
export type Shell = keyof typeof SHELLS;

type Commands = readonly CommandInfo[];

function flagsOf(command: CommandInfo): [string, Flag][] {
  return Object.entries({ ...command.flags, ...COMMON_FLAGS });
}

function writtenAs([name, { short }]: [string, Flag]): string[] {
  return short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`];
}

/** The first words there are, and what may follow each. */
function groupsOf(commands: Commands): [first: string, seconds: string[]][] {
  const groups = new Map<string, string[]>();
  for (const { name } of commands) {
    const [first = "", second] = name.split(" ");
    groups.set(first, [...(groups.get(first) ?? []), ...(second === undefined ? [] : [second])]);
  }
  return [...groups];
}

function wordsOffered(offer: Offer | undefined): string | undefined {
  if (offer === "languages") return LANGUAGE_IDS.join(" ");
  return Array.isArray(offer) ? offer.join(" ") : undefined;
}

/** The longest names first: `execute runtimes` before `execute`. */
function byLength(commands: Commands): CommandInfo[] {
  return [...commands].sort((a, b) => b.name.split(" ").length - a.name.split(" ").length);
}

/** How bash and zsh find out which command a line is of. */
function commandCases(commands: Commands): string[] {
  return byLength(commands).map(({ name }) => `    "${name} "*) command="${name}" ;;`);
}

function bashScript(commands: Commands): string {
  const offerLines = (offer: Offer | undefined) => {
    const words = wordsOffered(offer);
    if (words !== undefined) return `COMPREPLY=($(compgen -W "${words}" -- "$cur"))`;
    if (offer === "directories")
      return `compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$cur"))`;
    if (offer === "files")
      return `compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur"))`;
    return ":";
  };
  return `# Completion of coderunner for bash.
_coderunner() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD - 1]}" command=""
  local line="\${COMP_WORDS[*]:1:COMP_CWORD - 1} "
  if [[ $cur == "=" ]]; then cur=""; elif [[ $prev == "=" ]]; then prev="\${COMP_WORDS[COMP_CWORD - 2]}"; fi
  COMPREPLY=()
  case "$line" in
${commandCases(commands).join("\n")}
  esac
  case "$command $prev" in
${valueCases(commands, offerLines)}
  esac
  if [[ $cur == -* ]]; then
    case "$command" in
${flagCases(commands, (words) => `COMPREPLY=($(compgen -W "${words}" -- "$cur"))`)}
    esac
    return
  fi
  if [[ $COMP_CWORD == 1 ]]; then
    COMPREPLY=($(compgen -W "${firstWords(commands)}" -- "$cur"))
    return
  fi
  if [[ $COMP_CWORD == 2 ]]; then
    case "\${COMP_WORDS[1]}" in
${secondCases(commands, (words) => `COMPREPLY=($(compgen -W "${words}" -- "$cur"))`)}
    esac
    [[ \${#COMPREPLY[@]} -gt 0 ]] && return
  fi
  case "$command" in
${wordCases(commands, offerLines)}
  esac
}
complete -F _coderunner coderunner
`;
}

function zshScript(commands: Commands): string {
  const offerLines = (offer: Offer | undefined) => {
    const words = wordsOffered(offer);
    if (words !== undefined) return `compadd -- ${words}`;
    if (offer === "directories") return "_files -/";
    return offer === "files" ? "_files" : ":";
  };
  return `#compdef coderunner
# Completion of coderunner for zsh.
_coderunner() {
  local cur="\${words[CURRENT]}" prev="\${words[CURRENT - 1]}" command=""
  local line="\${words[2,CURRENT - 1]} "
  case "$line" in
${commandCases(commands).join("\n")}
  esac
  case "$command $prev" in
${valueCases(commands, offerLines)}
  esac
  if [[ $cur == -* ]]; then
    case "$command" in
${flagCases(commands, (words) => `compadd -- ${words}`)}
    esac
    return
  fi
  if (( CURRENT == 2 )); then
    compadd -- ${firstWords(commands)}
    return
  fi
  if (( CURRENT == 3 )); then
    case "\${words[2]}" in
${secondCases(commands, (words) => `compadd -- ${words}`)}
    esac
  fi
  case "$command" in
${wordCases(commands, offerLines)}
  esac
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _coderunner "$@"; else compdef _coderunner coderunner; fi
`;
}

function valueCases(commands: Commands, lines: (offer: Offer | undefined) => string): string {
  return commands
    .flatMap((command) =>
      flagsOf(command)
        .filter(([, { value }]) => value !== undefined)
        .map((flag) => {
          const patterns = writtenAs(flag).map((written) => `"${command.name} ${written}"`);
          return `    ${patterns.join("|")}) ${lines(flag[1].offer)}; return ;;`;
        }),
    )
    .join("\n");
}

function flagCases(commands: Commands, offer: (words: string) => string): string {
  return commands
    .map(
      (command) =>
        `      "${command.name}") ${offer(
          flagsOf(command)
            .map(([name]) => `--${name}`)
            .join(" "),
        )} ;;`,
    )
    .join("\n");
}

function secondCases(commands: Commands, offer: (words: string) => string): string {
  return groupsOf(commands)
    .filter(([, seconds]) => seconds.length > 0)
    .map(([first, seconds]) => `      ${first}) ${offer(seconds.join(" "))} ;;`)
    .join("\n");
}

function wordCases(commands: Commands, lines: (offer: Offer | undefined) => string): string {
  return commands.map((command) => `    "${command.name}") ${lines(command.offer)} ;;`).join("\n");
}

function firstWords(commands: Commands): string {
  return [...groupsOf(commands).map(([first]) => first), "help"].join(" ");
}

function fishScript(commands: Commands): string {
  const quoted = (text: string) => `'${text.replace(/[\\']/g, "\\$&")}'`;
  const lines = groupsOf(commands).map(([first, seconds]) => {
    const said = commands.find(({ name }) => name === first)?.summary ?? seconds.join(", ");
    return `complete -c coderunner -n __coderunner_is_first -a ${first} -d ${quoted(said)}`;
  });
  for (const command of commands) {
    const [first, second] = command.name.split(" ");
    if (second !== undefined) {
      lines.push(
        `complete -c coderunner -n ${quoted(`__coderunner_is_second ${first}`)} -a ${second} -d ${quoted(command.summary)}`,
      );
    }
    const of = `-n ${quoted(`__coderunner_is ${command.name}`)}`;
    for (const [name, { short, value, help, offer }] of flagsOf(command)) {
      const words = wordsOffered(offer);
      const after =
        value === undefined
          ? ""
          : offer === "files" || offer === "directories"
            ? " -r -F"
            : ` -x${words === undefined ? "" : ` -a ${quoted(words)}`}`;
      lines.push(
        `complete -c coderunner ${of} -l ${name}${short === undefined ? "" : ` -s ${short}`}${after} -d ${quoted(help)}`,
      );
    }
    const words = wordsOffered(command.offer);
    if (words !== undefined) lines.push(`complete -c coderunner ${of} -a ${quoted(words)}`);
    if (command.offer === "files") lines.push(`complete -c coderunner ${of} -F`);
  }
  const pairs = commands.filter(({ name }) => name.includes(" ")).map(({ name }) => quoted(name));
  return `# Completion of coderunner for fish.
function __coderunner_words
    commandline -opc | string match -v -- '-*'
end
function __coderunner_is_first
    test (count (__coderunner_words)) -eq 1
end
function __coderunner_is_second
    set -l words (__coderunner_words)
    test (count $words) -eq 2; and test "$words[2]" = "$argv[1]"
end
function __coderunner_is
    set -l words (__coderunner_words)
    test (count $words) -ge 2; or return 1
    set -l pair "$words[2]"
    if test (count $words) -ge 3; and contains -- "$words[2] $words[3]" ${pairs.join(" ")}
        set pair "$words[2] $words[3]"
    end
    test "$pair" = "$argv"
end
complete -c coderunner -f
${lines.join("\n")}
`;
}
