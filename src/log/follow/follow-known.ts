import type { ContentDigest, Extent, KnownExtents } from '../extent.ts';
import { digestWhile, headOf } from '../extent.ts';
import { LINE_LIMIT_BYTES } from '../lines.ts';
import { contentOf, type ReadOptions } from '../read-options.ts';
import type { Chunks, Source } from '../source.ts';

const NEWLINE = 0x0a;

/** What is known of a log that lies there. */
export interface KnownContent {
  readonly content: ContentDigest;
  readonly known: readonly Extent[];
  /** The longest extent that is the beginning of it; 0: there is none. */
  readonly newFrom: number;
  /** More was read of a log with the same first line than is there now. */
  readonly isShorter: boolean;
}

/** Digests a log, to find how far it was read. */
export async function knownContent(chunks: Chunks, known: KnownExtents): Promise<KnownContent> {
  let extents: readonly Extent[] = [];
  let newFrom = 0;
  const content = await digestWhile(
    chunks,
    (head) => {
      extents = known(head);
      return extents;
    },
    () => {},
    (bytes) => {
      newFrom = bytes;
    },
  );
  const isShorter = extents.some(({ bytes }) => bytes > content.bytes);
  return { content, known: extents, newFrom, isShorter };
}

/** Whether anything was read of a log with this first line. Reads no further than that line. */
export async function isHeadKnown(
  source: Source,
  options: ReadOptions,
  known: KnownExtents,
): Promise<boolean> {
  const { chunks } = await contentOf(source, options, () => {});
  let beginning = Buffer.alloc(0);
  for await (const chunk of chunks) {
    beginning = Buffer.concat([beginning, chunk]);
    if (chunk.includes(NEWLINE) || beginning.length > LINE_LIMIT_BYTES) break;
  }
  return known(headOf(beginning)).length > 0;
}
