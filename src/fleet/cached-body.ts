import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const gzipAsync = promisify(gzip);

/** Smaller ones are not worth it. */
const GZIP_BYTES = 1024;

/** A body that many fetch: made, named and compressed once. */
export class CachedBody {
  readonly plain: Buffer;
  /** Of the content, so that two servers name the same alike; weak, as it names both forms. */
  readonly etag: string;
  #gzipped: Promise<Buffer> | undefined;

  constructor(text: string) {
    this.plain = Buffer.from(text);
    this.etag = `W/"${createHash('sha256').update(this.plain).digest('base64url').slice(0, 22)}"`;
  }

  /** Undefined where it is too short to be compressed. */
  gzipped(): Promise<Buffer> | undefined {
    if (this.plain.length < GZIP_BYTES) return undefined;
    this.#gzipped ??= gzipAsync(this.plain, { level: 5 });
    return this.#gzipped;
  }
}
