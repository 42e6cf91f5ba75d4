import type { Chunks } from '../source.ts';
import { Bunzip2Programs } from './bunzip2-programs.ts';
import { Bzip2Cutter } from './bzip2-cutter.ts';
import { type Bzip2Marker, makeMarker } from './bzip2-marker.ts';
import { idle } from './nonblocking.ts';

const WAIT_MS = 0.5;
/** After so many it is not waited. */
const MANY_BYTES = 131_072;

/**
 * Decompresses bzip2 with one bzip2 per core, which are given the blocks by turns. A marker behind
 * each tells where its content ends, so that a program need not be started for each of them. The
 * pieces are only valid until the next one.
 * Throws Uncuttable where that does not work out, be it that the input is damaged; what came till
 * then is right. Throws what reading the input throws.
 */
export async function* bunzip2Parts(path: string, input: Chunks): AsyncGenerator<Buffer> {
  const marker = makeMarker();
  const parts = partsOf(input, marker);
  const programs = new Bunzip2Programs(path, marker.text);
  let isAll = false;
  try {
    do {
      while (!isAll && programs.areHungry) {
        const { value, done } = await parts.next();
        if (done === true) isAll = true;
        else programs.give(value);
      }
      if (isAll) programs.finish();
      const came = programs.turn();
      const piece = programs.take();
      if (piece !== undefined) yield piece;
      else if (came < MANY_BYTES) await idle(WAIT_MS);
    } while (!isAll || programs.arePending);
  } finally {
    programs.stop();
    await parts.return(undefined);
  }
}

async function* partsOf(input: Chunks, marker: Bzip2Marker): AsyncGenerator<Buffer, undefined> {
  const cutter = new Bzip2Cutter(marker.stream);
  for await (const chunk of input) yield* cutter.push(chunk);
  cutter.finish();
}
