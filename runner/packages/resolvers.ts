// Starts the resolvers of image/packages, each in a container that lives for one request. npm's is among
// this project's own dependencies, whose folder the container may read.

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type Engine, removeContainer, startTool, type Tool } from "../docker.ts";
import type { Manager, StartResolver } from "./chooser.ts";

const HERE = "/opt/coderunner/packages";
/** Characters that are kept of what a resolver says on its standard error. */
const LAST_WORDS_MAX = 2000;
const NPM_RESOLVER = "@npmcli/arborist";

/** Starts resolvers on `engine`. */
export function resolversOn(engine: Engine): StartResolver {
  return async (manager, { onData, onClose }) => {
    let lastWords = "";
    const { id, stdin } = await startTool(engine, toolOf(manager), {
      onData,
      onStderr: (chunk) => {
        lastWords = (lastWords + chunk.toString("utf8")).slice(-LAST_WORDS_MAX);
      },
      onClose: () => onClose(lastWords),
    });
    const end = async () => {
      stdin.destroy();
      await removeContainer(engine, id);
    };
    return { write: (bytes) => void stdin.write(bytes), end };
  };
}

function toolOf(manager: Manager): Tool {
  if (manager === "pip") return { command: ["/usr/bin/python3", "-I", join(HERE, "choose.py")] };
  const folder = { host: modulesWith(NPM_RESOLVER), inside: join(HERE, "npm", "node_modules") };
  return { command: ["/usr/local/bin/node", join(HERE, "choose.mjs")], folder };
}

/** The node_modules folder that has `name` in it. */
function modulesWith(name: string): string {
  const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
  return join(dirname(manifest), ...name.split("/").map(() => ".."));
}
