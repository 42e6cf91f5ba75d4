import { sameBytes } from './bytes.ts';

/** As many as fit 16 bits; further hosts have no name. */
const HOST_LIMIT = 65_535;
/** RFC 1035. */
const NAME_LIMIT_BYTES = 255;

/** Assigns each host name of a log a small number; 0 is no name. */
export class HostNames {
  readonly #ids = new Map<string, number>([['', 0]]);
  readonly #names: string[] = [''];
  /** The host of the line before, which is usually that of this one. */
  #lastName = Buffer.alloc(0);
  #lastId = 0;

  id(bytes: Buffer, start: number, end: number): number {
    if (sameBytes(bytes, start, end, this.#lastName)) return this.#lastId;
    if (end - start > NAME_LIMIT_BYTES) return 0;
    const name = bytes.toString('latin1', start, end);
    let id = this.#ids.get(name);
    if (id === undefined) {
      if (this.#names.length > HOST_LIMIT) return 0;
      id = this.#names.push(name) - 1;
      this.#ids.set(name, id);
    }
    this.#lastName = Buffer.from(name, 'latin1');
    this.#lastId = id;
    return id;
  }

  name(id: number): string {
    return this.#names[id] ?? '';
  }
}
