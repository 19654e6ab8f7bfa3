// A list that comes in pages: `await` it for one page, or iterate over it for everything.

/** A page. `cursor` asks for the next one and is `null` on the last. */
export type Page<Name extends string, Item> = { [Key in Name]: Item[] } & { cursor: string | null };

/** Awaited, it is one page; iterated over, all that follows too. Nothing is asked for before that. */
export class List<Name extends string, Item>
  implements PromiseLike<Page<Name, Item>>, AsyncIterable<Item>
{
  readonly #name: Name;
  readonly #fetch: (cursor?: string) => Promise<Page<Name, Item>>;

  constructor(name: Name, fetchPage: (cursor?: string) => Promise<Page<Name, Item>>) {
    this.#name = name;
    this.#fetch = fetchPage;
  }

  // biome-ignore lint/suspicious/noThenProperty: to be awaited is what it is for
  then<Result = Page<Name, Item>, Other = never>(
    onPage?: ((page: Page<Name, Item>) => Result | PromiseLike<Result>) | null,
    onError?: ((thrown: unknown) => Other | PromiseLike<Other>) | null,
  ): Promise<Result | Other> {
    return this.#fetch().then(onPage, onError);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    let cursor: string | undefined;
    do {
      const page: Page<Name, Item> = await this.#fetch(cursor);
      yield* page[this.#name];
      cursor = page.cursor ?? undefined;
    } while (cursor !== undefined);
  }
}
