import type { Chunks } from '../source.ts';

/** Returns at least the first `bytes` bytes, or all there are, and the whole stream with them. */
export async function peek(chunks: Chunks, bytes: number): Promise<readonly [Buffer, Chunks]> {
  const iterator = chunks[Symbol.asyncIterator]();
  const pieces: Buffer[] = [];
  let length = 0;
  while (length < bytes) {
    const { value, done } = await iterator.next();
    if (done === true) break;
    pieces.push(Buffer.from(value));
    length += value.length;
  }
  const head = Buffer.concat(pieces);
  return [head, joined(head, iterator)];
}

async function* joined(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (head.length > 0) yield head;
    for (;;) {
      const { value, done } = await rest.next();
      if (done === true) return;
      yield value;
    }
  } finally {
    await rest.return?.();
  }
}
