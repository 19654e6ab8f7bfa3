// `completion` prints what a shell needs to complete this command's words.

import { type Command, wordAt } from "../command.ts";
import { SHELLS, type Shell } from "../completion.ts";
import { Stop } from "../exit.ts";

export const completion: Command = {
  name: "completion",
  summary: "Print the completion for a shell.",
  takes: "SHELL",
  offer: Object.keys(SHELLS),
  needsNoSettings: true,
  flags: {},
  examples: [
    { does: "in ~/.bashrc", line: 'eval "$(coderunner completion bash)"' },
    { does: "in ~/.zshrc, after compinit", line: 'eval "$(coderunner completion zsh)"' },
    {
      does: "in fish",
      line: "coderunner completion fish > ~/.config/fish/completions/coderunner.fish",
    },
  ],
  run: async (context) => {
    const shell = wordAt(context, 0);
    if (!Object.hasOwn(SHELLS, shell)) {
      throw new Stop(
        "usage",
        `There is no completion for ${shell}; there is one for ${Object.keys(SHELLS).join(", ")}.`,
      );
    }
    context.output.write(SHELLS[shell as Shell](context.commands));
  },
};
