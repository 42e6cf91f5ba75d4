import { NO_MATCH } from '../../grammar/notation/scanner.ts';
import { textOf } from './bytes.ts';
import type { Warn } from './compression/broken.ts';
import { LogDoubts } from './doubts.ts';
import { type Event, EventMaker } from './event.ts';
import type { Line } from './line.ts';
import { contentOf, type ReadOptions } from './read-options.ts';
import { LogReader } from './reader.ts';
import type { Source } from './source.ts';
import type { Calendar } from './time/clock.ts';
import type { LineClock } from './time/line-clock.ts';
import { CivilTime, zoneOffsets } from './time/zone.ts';

/** How much input makes a batch, lest many short lines fill the memory. */
const BATCH_BYTES = 262_144;

export interface EventOptions extends ReadOptions {
  /** Called with each message of a known service that no rule matches. */
  readonly onUnmatched?: (service: string, message: string) => void;
  readonly warn?: Warn;
}

/**
 * Yields one event for each line, in batches. As years are only known from the last line, a file is
 * read twice. Standard input, which can only be read once, is assumed to begin within the year before
 * now, or in the given year.
 */
export async function* readEvents(
  source: Source,
  options: EventOptions,
): AsyncGenerator<readonly Event[]> {
  const { scanners, onUnmatched, warn = () => undefined } = options;
  const civil = new CivilTime(zoneOffsets(options.zone));
  const calendarOf = (clock: LineClock): Calendar => clock.calendar(source.fileTime, options.year);
  let calendar: Calendar | undefined;
  if (source.totalBytes !== undefined)
    calendar = calendarOf(await lastClock(source, options, civil));

  let batch: Event[] = [];
  const { chunks, service: owner } = await contentOf(source, options, warn);
  const doubts = new LogDoubts();
  const add = (line: Line): void => {
    doubts.add(line);
    batch.push(maker.make(line));
    if (line.message === NO_MATCH) reportUnmatched(line);
  };
  const reader = new LogReader(scanners, civil, owner, add, options.trustedProxies);
  const maker = new EventMaker(scanners, options.points, reader.hosts, () => {
    calendar ??= calendarOf(reader.clock);
    return calendar;
  });
  const reportUnmatched = ({ service, bytes, messageStart, messageEnd }: Line): void => {
    const name = scanners[service]?.service;
    if (name !== undefined) onUnmatched?.(name, textOf(bytes, messageStart, messageEnd));
  };
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.length; start += BATCH_BYTES) {
      reader.push(chunk.subarray(start, start + BATCH_BYTES));
      if (batch.length === 0) continue;
      yield batch;
      batch = [];
    }
  }
  reader.finish();
  if (batch.length > 0) yield batch;
  const found = doubts.warnings({
    calendar: calendarOf(reader.clock),
    fileTime: source.fileTime,
    isYearless: reader.clock.isYearless,
    service: options.service,
  });
  for (const doubt of found) warn(`${source.name}: ${doubt}`);
}

/** Reads the log for its clock after the last line. */
async function lastClock(
  source: Source,
  options: ReadOptions,
  civil: CivilTime,
): Promise<LineClock> {
  const { onProgress: _, ...quietly } = options;
  const { chunks, service } = await contentOf(source, quietly, () => undefined);
  const reader = new LogReader([], civil, service, () => undefined);
  for await (const chunk of chunks) reader.push(chunk);
  reader.finish();
  return reader.clock;
}
