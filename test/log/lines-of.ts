import type { Scanner } from '../../grammar/notation/scanner.ts';
import type { Line } from '../../src/log/line.ts';
import { LogReader } from '../../src/log/reader.ts';
import { memorySource } from '../../src/log/source.ts';
import { CivilTime, zoneOffsets } from '../../src/log/time/zone.ts';
import { tinyScanner } from './tiny-scanner.ts';

/** The bytes in chunks of this length. */
function chunksOf(bytes: Buffer, length: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += length) {
    // A copy of its own: a chunk is only valid until the next, so none may see its neighbour.
    chunks.push(Buffer.from(bytes.subarray(at, at + length)));
  }
  return chunks;
}

/** What the reader made of each line of the text, as plain objects. */
export function readLines(
  text: string | Buffer,
  chunkBytes = 1 << 20,
  scanners: readonly Scanner[] = [tinyScanner],
) {
  const found: ReturnType<typeof snapshot>[] = [];
  const civil = new CivilTime(zoneOffsets('UTC'));
  const reader = new LogReader(scanners, civil, undefined, (line) => found.push(snapshot(line)));
  for (const chunk of chunksOf(Buffer.from(text), chunkBytes)) {
    reader.push(chunk);
    chunk.fill(0x2a);
  }
  reader.finish();
  return found;
}

/** A source with this content, written to at this time (UTC seconds). */
export function sourceOf(content: string | Buffer, fileTime: number, chunkBytes = 1 << 20) {
  return memorySource('test.log', chunksOf(Buffer.from(content), chunkBytes), fileTime);
}

function snapshot(line: Line) {
  const { number, offset, cut, known, service, message, count, repeatsLast, pid, host, time } =
    line;
  const named = message >= 0;
  return {
    number,
    offset,
    cut,
    known,
    service,
    message,
    count,
    repeatsLast,
    text: line.bytes.toString('latin1', line.start, line.end),
    time: known ? time : 0,
    pid: service < 0 ? -1 : pid,
    host: service < 0 ? 0 : host,
    address: named ? line.reading.a : 0,
    user:
      named && !repeatsLast && line.reading.userStart >= 0
        ? line.bytes.toString('latin1', line.reading.userStart, line.reading.userEnd)
        : '',
  };
}
