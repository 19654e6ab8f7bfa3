// Where packages may come from: the index and the registry that the operator has named, and the
// further origins those may send us to. Nothing else is ever asked, whatever an answer says.

/** An origin that may be read from. */
export type Source = {
  origin: string;
  /** What it is shown of a user and password in the operator's address; no other origin sees it. */
  authorization: string | undefined;
  /** Whether its name may stand for an address of a private network: only where the operator chose it. */
  mayBePrivate: boolean;
};

export type PackageSources = {
  /** With a slash at the end, and without user and password. */
  pipIndex: string | undefined;
  npmRegistry: string | undefined;
  origins: readonly Source[];
  cacheDir: string;
  cacheBytesMax: number;
};

type Named = {
  pipIndex: string | undefined;
  npmRegistry: string | undefined;
  furtherOrigins: readonly string[];
  cacheDir: string;
  cacheBytesMax: number;
};

/** What the operator's addresses mean. The index's and the registry's own hosts may be private ones. */
export function sourcesOf({
  pipIndex,
  npmRegistry,
  furtherOrigins,
  ...cache
}: Named): PackageSources {
  const named = [pipIndex, npmRegistry].flatMap((address) => address ?? []);
  const all = [
    ...named.map((address) => sourceOf(address, true)),
    ...furtherOrigins.map((address) => sourceOf(address, false)),
  ];
  const first = new Map<string, Source>();
  for (const source of all) if (!first.has(source.origin)) first.set(source.origin, source);
  return {
    pipIndex: pipIndex === undefined ? undefined : plain(pipIndex),
    npmRegistry: npmRegistry === undefined ? undefined : plain(npmRegistry),
    origins: [...first.values()],
    ...cache,
  };
}

function sourceOf(address: string, mayBePrivate: boolean): Source {
  const { origin, username, password } = new URL(address);
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const authorization = user === ":" ? undefined : `Basic ${Buffer.from(user).toString("base64")}`;
  return { origin, authorization, mayBePrivate };
}

function plain(address: string): string {
  const url = new URL(address);
  url.username = "";
  url.password = "";
  return url.href.endsWith("/") ? url.href : `${url.href}/`;
}
