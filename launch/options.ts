// What `npm start` can be told, by flags or by the environment. This is the only file of the
// launcher that knows their names; a value that does not parse is refused, never replaced.

import { parseArgs } from "node:util";
import { HOST_SOCKET } from "../runner/host/engine.ts";
import { Refusal } from "../runner/host/refusal.ts";

export type StartOptions = {
  help: boolean;
  host: string;
  port: number;
  /** A Docker daemon of the host's to use, by consent; `undefined` means a private one. */
  socket: string | undefined;
  runtime: string | undefined;
  /** Settings of the gateway's that are passed through as they are. */
  gatewaySettings: Record<string, string>;
  /** The same of what is kept out of its configuration file. */
  gatewaySecrets: Record<string, string>;
  runnerId: string;
};

export const START_HELP = `npm start -- [--port N] [--host ADDRESS] [--use-host-docker]

  --port N             where the gateway listens (PORT; 8787)
  --host ADDRESS       on which address (HOST_ADDRESS; 127.0.0.1)
  --use-host-docker    use the Docker daemon of this host instead of a private one; it must
                       have the runtime registered already and is not configured or restarted

Also read from the environment: CODERUNNER_STATE_DIR, CODERUNNER_ENGINE_DIR,
CODERUNNER_DOCKER_SOCKET, RUNNER_SECRET, ADMIN_TOKEN, CLIENT_ADDRESS_HEADER,
DEMO_RUNS_PER_DAY, INSTANT_KEYS_PER_DAY, WEBHOOK_ADDRESSES (\`any\` for webhooks inside
private networks), MCP_ORIGINS (whose pages may use /mcp over plain HTTP, parted by commas),
POOL_FLOOR, POOL_CEILING, STRICT_ISOLATION, METRICS_PORT, METRICS_HOST,
CODERUNNER_DOTNET_IMAGE (an image with a .NET SDK, for C# instead of Mono). Sessions may
install packages where CODERUNNER_PIP_INDEX or CODERUNNER_NPM_REGISTRY says from where;
CODERUNNER_PACKAGE_ORIGINS lists, parted by commas, where those keep their files, and
CODERUNNER_PACKAGE_CACHE_DIR and CODERUNNER_PACKAGE_CACHE_MB say where and how much of it
is kept here. Payments: PAYMENTS_NETWORK, RPC_URL, RPC_URL_SECOND, DEPOSIT_XPUB,
TREASURY_ADDRESS, FACILITATOR_URL, FACILITATOR_KEY_ID, FACILITATOR_KEY_SECRET, SETTLER_KEY
(docs/payments.md).
`;

const PASSED_THROUGH = [
  "DEMO_RUNS_PER_DAY",
  "INSTANT_KEYS_PER_DAY",
  "WEBHOOK_ADDRESSES",
  "MCP_ORIGINS",
  "PAYMENTS_NETWORK",
  "RPC_URL",
  "RPC_URL_SECOND",
  "DEPOSIT_XPUB",
  "TREASURY_ADDRESS",
  "FACILITATOR_URL",
  "FACILITATOR_KEY_ID",
];

/** Passed on as well, but written nowhere. */
const PASSED_AS_SECRETS = ["FACILITATOR_KEY_SECRET", "SETTLER_KEY"];

/** Reads the flags and the environment of `npm start`. */
export function parseStartOptions(args: readonly string[], env: NodeJS.ProcessEnv): StartOptions {
  const { values } = parse(args);
  const given = (names: readonly string[]) =>
    Object.fromEntries(
      names.flatMap((name) => {
        const value = env[name];
        return value === undefined ? [] : [[name, value] as const];
      }),
    );
  return {
    help: values.help,
    host: values.host ?? env.HOST_ADDRESS ?? "127.0.0.1",
    port: parsePort(values.port ?? env.PORT ?? "8787"),
    socket: values["use-host-docker"] ? HOST_SOCKET : env.CODERUNNER_DOCKER_SOCKET || undefined,
    runtime: env.CODERUNNER_RUNTIME || undefined,
    gatewaySettings: {
      // Nothing in front of a local gateway sets the header Cloudflare does, so callers could.
      CLIENT_ADDRESS_HEADER: env.CLIENT_ADDRESS_HEADER || "none",
      ...given(PASSED_THROUGH),
    },
    gatewaySecrets: given(PASSED_AS_SECRETS),
    runnerId: env.RUNNER_ID || "local",
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: "boolean", short: "h", default: false },
        host: { type: "string" },
        port: { type: "string" },
        "use-host-docker": { type: "boolean", default: false },
      },
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Refusal(`${why}\n\n${START_HELP}`);
  }
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new Refusal(`The port must be a number from 0 to 65535, not "${text}".`);
}
