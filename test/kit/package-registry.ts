// An index of wheels and a registry of npm's packages on this machine alone, with whatever a test puts
// into it: good archives, ones whose digest is not what it says, redirects, and answers that never end.

import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export type WheelListing = {
  /** What the index says of its content; the truth where nothing is said. */
  sha256?: string;
  /** Where the index says it is; here where nothing is said. */
  url?: string;
  requiresPython?: string;
};

export type NpmManifest = {
  name: string;
  version: string;
  integrity?: string;
  [further: string]: unknown;
};

const SIMPLE = "application/vnd.pypi.simple.v1+json";

export class PackageRegistry {
  /** The path of each request, in order. */
  readonly requests: string[] = [];
  /** The headers of the newest. */
  lastHeaders: IncomingMessage["headers"] = {};
  readonly #server: Server;
  readonly #handlers = new Map<string, Handler>();
  readonly #wheels = new Map<string, object[]>();
  readonly #npm = new Map<string, Record<string, object>>();

  private constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  static async start(): Promise<PackageRegistry> {
    const registry = new PackageRegistry();
    await new Promise<void>((resolve) => registry.#server.listen(0, "127.0.0.1", resolve));
    return registry;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get index(): string {
    return `${this.origin}/simple/`;
  }

  get npm(): string {
    return `${this.origin}/npm/`;
  }

  /** Has `path` answered by `handler`. */
  on(path: string, handler: Handler): void {
    this.#handlers.set(path, handler);
  }

  /** Has `path` answered with `content`. */
  put(path: string, content: Buffer | string, type = "application/octet-stream"): void {
    this.on(path, (_, response) => response.writeHead(200, { "content-type": type }).end(content));
  }

  /** Lists a file of a Python project, and serves it. */
  addWheel(project: string, file: string, content: Buffer, listing: WheelListing = {}): void {
    const path = `/files/${file}`;
    this.put(path, content);
    const sha256 = listing.sha256 ?? createHash("sha256").update(content).digest("hex");
    const { url = `${this.origin}${path}`, requiresPython } = listing;
    const further = requiresPython === undefined ? {} : { "requires-python": requiresPython };
    const files = [
      ...(this.#wheels.get(project) ?? []),
      { filename: file, url, hashes: { sha256 }, ...further },
    ];
    this.#wheels.set(project, files);
    const page = { meta: { "api-version": "1.0" }, name: project, files };
    this.put(`/simple/${project}/`, JSON.stringify(page), SIMPLE);
  }

  /** Lists a version of an npm package, and serves its archive. */
  addNpm({ name, version, integrity, ...manifest }: NpmManifest, content: Buffer): void {
    const path = `/npm/${name}/-/${name.split("/").at(-1)}-${version}.tgz`;
    this.put(path, content);
    const digest = createHash("sha512").update(content).digest("base64");
    const dist = { tarball: `${this.origin}${path}`, integrity: integrity ?? `sha512-${digest}` };
    const versions = { ...this.#npm.get(name), [version]: { name, version, dist, ...manifest } };
    this.#npm.set(name, versions);
    const page = { name, "dist-tags": { latest: version }, versions };
    this.put(`/npm/${name.replace("/", "%2f")}`, JSON.stringify(page), "application/json");
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? "";
    this.requests.push(path);
    this.lastHeaders = request.headers;
    const handler = this.#handlers.get(path);
    if (handler === undefined) return void response.writeHead(404).end();
    handler(request, response);
  }
}
