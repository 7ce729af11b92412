// A network on which nothing happens by itself: a test sees each request, and says what comes back.

export class Exchange {
  abandoned = false;
  answered = false;
  #answer!: (response: Response) => void;
  #fail!: (error: Error) => void;
  #stream!: ReadableStreamDefaultController<Uint8Array>;
  readonly #body = new ReadableStream<Uint8Array>({ start: (controller) => void (this.#stream = controller) });
  readonly response: Promise<Response>;

  constructor(
    readonly url: string,
    readonly method: string,
    readonly headers: Headers,
    readonly body: Uint8Array,
    // What fetch was told of caches.
    readonly cache: string | undefined,
    signal: AbortSignal | null | undefined,
  ) {
    this.response = new Promise((resolve, reject) => {
      this.#answer = resolve;
      this.#fail = reject;
    });
    signal?.addEventListener("abort", () => {
      this.abandoned = true;
      this.#break(new DOMException("This operation was aborted", "AbortError"));
    });
  }

  answer(status: number, type: string): void {
    this.answered = true;
    this.#answer(new Response(this.#body, { status, headers: { "content-type": type } }));
  }

  push(bytes: Uint8Array): void {
    if (!this.abandoned) this.#stream.enqueue(bytes);
  }

  end(): void {
    if (!this.abandoned) this.#stream.close();
  }

  break(refused: boolean): void {
    const cause = refused ? Object.assign(new Error("connection refused"), { code: "ECONNREFUSED" }) : undefined;
    this.#break(new TypeError("fetch failed", cause === undefined ? {} : { cause }));
  }

  #break(error: Error): void {
    this.#fail(error);
    try {
      this.#stream.error(error);
    } catch {
      // It has ended already.
    }
  }
}

export class ScriptedFetch {
  readonly exchanges: Exchange[] = [];

  readonly fetch: typeof globalThis.fetch = async (input, init = {}) => {
    const body = new Uint8Array(await new Response(init.body ?? null).arrayBuffer());
    const exchange = new Exchange(String(input), init.method ?? "GET", new Headers(init.headers), body, init.cache, init.signal);
    this.exchanges.push(exchange);
    return exchange.response;
  };
}
