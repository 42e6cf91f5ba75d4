import type { Seconds } from '../blocklist/entry.ts';
import type { Login } from '../blocklist/protect.ts';
import type { Address } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import { type ContentDigest, type Extent, type KnownExtents, NewPart } from './extent.ts';
import type { OffenceGroup } from './offences/offence-table.ts';
import { type LineCounts, type MessageCount, OffenceCollector } from './offences/offences.ts';
import { Samples } from './offences/samples.ts';
import type { OwnContent } from './own-file.ts';
import { contentOf, type ReadOptions } from './read-options.ts';
import { LogReader } from './reader.ts';
import type { Source } from './source.ts';
import { CivilTime, zoneOffsets } from './time/zone.ts';

const NO_LOG =
  'no line of it begins as a line of a log does; --service tells whose own file it is, if it is one';

export interface OffenceOptions extends ReadOptions {
  /** How far logs with this first line were read before: that far they count for nothing. */
  readonly known: KnownExtents;
  /** How many of the lines that count to keep of each network; default: none. */
  readonly samples?: number;
}

/** What a log told. All but `content` speaks of the part that is new alone. */
export interface LogSummary {
  readonly name: string;
  readonly content: ContentDigest;
  /** The extents that were known of logs with the same first line. */
  readonly knownExtents: readonly Extent[];
  /** The first byte that is new; 0: all is, `content.bytes`: nothing is. */
  readonly newFrom: number;
  /** The times of the first and the last line; undefined where no line has one. */
  readonly span: { readonly first: Seconds; readonly last: Seconds } | undefined;
  readonly lines: Readonly<LineCounts>;
  readonly messages: readonly MessageCount[];
  readonly offenceCount: number;
  /** The offences, as {@link OffenceTable.groups} gives them. */
  readonly groups: (spaceAround: (address: Address) => Prefix) => Iterable<OffenceGroup>;
  /** The latest from each address. */
  readonly logins: readonly Login[];
  /** Some of the lines that count, where they were asked for. */
  readonly samples: Samples | undefined;
  /** What was odd, but no error. */
  readonly warnings: readonly string[];
}

/** Reads a log to its end. Throws McblockError where it is damaged; then nothing of it counts. */
export async function readOffences(source: Source, options: OffenceOptions): Promise<LogSummary> {
  const warnings: string[] = [];
  const content = await contentOf(source, options, (text) => warnings.push(text));
  return readLines(source, content, options, warnings);
}

/** The same of lines that were opened before, with the warnings that there were till then. */
export async function readLines(
  source: Source,
  { chunks, service }: OwnContent,
  options: OffenceOptions,
  warnings: readonly string[],
): Promise<LogSummary> {
  const civil = new CivilTime(zoneOffsets(options.zone));
  const samples = options.samples === undefined ? undefined : new Samples(options.samples);
  const part = new NewPart();
  const reader = new LogReader(options.scanners, civil, service, (line) => {
    // A line that was not whole when the log was read before was counted as it was.
    if (line.offset >= part.from) collector.add(line);
  });
  const collector = new OffenceCollector(
    options.scanners,
    options.points,
    reader.hosts,
    source.name,
    samples,
  );
  const content = await part.read(
    chunks,
    options.known,
    (chunk) => reader.push(chunk),
    () => collector.forget(),
  );
  reader.finish();
  const { lines, headless } = collector.lineCounts;
  const isStrange = lines > 0 && headless === lines && part.from === 0;
  const calendar = reader.clock.calendar(source.fileTime, options.year);
  return {
    name: source.name,
    content,
    knownExtents: part.knownExtents,
    newFrom: part.from,
    span: collector.span(calendar),
    lines: collector.lineCounts,
    messages: collector.messageCounts,
    offenceCount: collector.offenceCount,
    groups: (spaceAround) => collector.groups(calendar, spaceAround),
    logins: collector.logins(calendar),
    samples,
    warnings: isStrange ? [...warnings, `${source.name}: ${NO_LOG}`] : warnings,
  };
}
