// Writes the configuration plain workerd runs the gateway with: the bundle's modules, its bindings,
// SQLite Durable Objects on disk and one HTTP socket. Secrets are named here, never written: workerd
// reads them from its environment.

import type { Bundle } from "./bundle.ts";

export type GatewaySettings = {
  bundle: Bundle;
  /** Where Durable Objects are kept. */
  objectsDir: string;
  address: string;
  /** Variables, over those of wrangler.toml. */
  vars: Readonly<Record<string, string>>;
  /** The names of secrets workerd finds in its environment. */
  secrets: readonly string[];
};

/** The text of a workerd configuration. Its constant is named `config`. */
export function gatewayConfig(settings: GatewaySettings): string {
  const { bundle, objectsDir, address } = settings;
  const { compatibilityDate, compatibilityFlags, objects } = bundle.config;
  const modules = bundle.modules.map(
    ({ name, file, kind }) => `(name = ${quote(name)}, ${kind} = embed ${quote(file)})`,
  );
  const namespaces = objects.map(
    ({ className, sqlite }) =>
      // The key names the objects' folder on disk: it must never change.
      `(className = ${quote(className)}, uniqueKey = ${quote(`agent-coderunner-${className}`)}, enableSql = ${sqlite})`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "gateway", worker = .gateway),
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
    (name = "public", network = (allow = ["public"], tlsOptions = (trustBrowserCas = true))),
    (name = "objects", disk = (path = ${quote(objectsDir)}, writable = true)),
  ],
  sockets = [(name = "http", address = ${quote(address)}, http = (), service = "gateway")],
);

const gateway :Workerd.Worker = (
  modules = ${list(modules)},
  compatibilityDate = ${quote(compatibilityDate)},
  compatibilityFlags = ${list(compatibilityFlags.map(quote))},
  durableObjectNamespaces = ${list(namespaces)},
  durableObjectStorage = (localDisk = "objects"),
  bindings = ${list(bindings(settings))},
);
`;
}

function bindings({ bundle, vars, secrets }: GatewaySettings): string[] {
  const objects = bundle.config.objects.map(
    ({ binding, className }) =>
      `(name = ${quote(binding)}, durableObjectNamespace = ${quote(className)})`,
  );
  const merged = Object.entries({ ...bundle.config.vars, ...vars });
  const variables = merged.map(([name, value]) =>
    typeof value === "string"
      ? `(name = ${quote(name)}, text = ${quote(value)})`
      : `(name = ${quote(name)}, json = ${quote(JSON.stringify(value))})`,
  );
  const hidden = secrets.map((name) => `(name = ${quote(name)}, fromEnvironment = ${quote(name)})`);
  // Checked where a connection is made, so that no name can lead a webhook into a private network.
  const outside = merged.some(([name, value]) => name === "WEBHOOK_ADDRESSES" && value === "any")
    ? "internet"
    : "public";
  return [...objects, ...variables, ...hidden, `(name = "OUTSIDE", service = ${quote(outside)})`];
}

function list(items: readonly string[]): string {
  return items.length === 0 ? "[]" : `[\n    ${items.join(",\n    ")},\n  ]`;
}

/** Cap'n Proto text is written as JSON's, but knows fewer escapes for control characters. */
function quote(text: string): string {
  return JSON.stringify(text).replace(/\\u00([0-9a-f]{2})/g, "\\x$1");
}
