import { closeSync, constants, createReadStream, openSync } from 'node:fs';

/** Standard input (`-`) or a named pipe, to its end. */
export class ByteStream {
  /** What was read cannot be read again. */
  readonly cursor = undefined;
  readonly #stream: NodeJS.ReadStream | ReturnType<typeof createReadStream>;
  readonly #name: string;
  #isEnded = false;

  constructor(name: string) {
    this.#name = name;
    this.#stream = name === '-' ? process.stdin : createReadStream(name);
  }

  get hasMore(): boolean {
    return this.#stream.readableLength > 0;
  }

  async *chunks(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of this.#stream) yield chunk as Buffer;
    } catch (cause) {
      if (!this.#isEnded) throw cause;
    }
  }

  end(): void {
    this.#isEnded = true;
    if (this.#name !== '-') release(this.#name);
    this.#stream.destroy();
  }
}

/** Opening a pipe waits for a writer, and would keep the process: be one. */
function release(name: string): void {
  try {
    closeSync(openSync(name, constants.O_WRONLY | constants.O_NONBLOCK));
  } catch {
    // Nobody waits.
  }
}
