import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const gzipAsync = promisify(gzip);

/** Smaller bodies are not compressed. */
const GZIP_BYTES = 1024;

/** A response body that many clients fetch: serialized, hashed and compressed once. */
export class CachedBody {
  readonly plain: Buffer;
  /** A hash of the content, so that servers agree on it; weak, as it stands for both encodings. */
  readonly etag: string;
  #gzipped: Promise<Buffer> | undefined;

  constructor(text: string) {
    this.plain = Buffer.from(text);
    this.etag = `W/"${createHash('sha256').update(this.plain).digest('base64url').slice(0, 22)}"`;
  }

  /** Undefined if it is too short to be compressed. */
  gzipped(): Promise<Buffer> | undefined {
    if (this.plain.length < GZIP_BYTES) return undefined;
    this.#gzipped ??= gzipAsync(this.plain, { level: 5 });
    return this.#gzipped;
  }
}
