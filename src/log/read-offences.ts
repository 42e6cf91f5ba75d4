import type { Seconds } from '../blocklist/entry.ts';
import type { MessageCount } from '../blocklist/message-counts.ts';
import type { Login } from '../blocklist/trust.ts';
import type { Address } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import {
  type Checkpoint,
  type ContentDigest,
  type KnownCheckpoints,
  NewPart,
} from './checkpoint.ts';
import { LogDoubts } from './doubts.ts';
import type { CountedEvents } from './event-keys.ts';
import type { Line } from './line.ts';
import type { OffenceGroup } from './offences/offence-table.ts';
import { type LineCounts, OffenceCollector } from './offences/offences.ts';
import { Samples } from './offences/samples.ts';
import type { OwnContent } from './own-file.ts';
import { contentOf, type ReadOptions } from './read-options.ts';
import { LogReader } from './reader.ts';
import type { WebClients } from './served-requests.ts';
import type { Source } from './source.ts';
import { isKnownTime, secondsOf } from './time/clock.ts';
import { type Stretch, Stretches } from './time/stretches.ts';
import { CivilTime, zoneOffsets } from './time/zone.ts';

export interface OffenceOptions extends ReadOptions {
  /** Checkpoints of earlier runs: what was read before does not count again. */
  readonly known: KnownCheckpoints;
  /** How many lines that count to keep for each network. Default: none. */
  readonly samples?: number;
}

/** See {@link OffenceTable.groups}. */
export type Groups = (
  spaceAround: (address: Address) => Prefix,
  counted?: CountedEvents,
) => Iterable<OffenceGroup>;

/** What a log holds. All but `content` is about the new part only. */
export interface LogSummary {
  readonly name: string;
  readonly content: ContentDigest;
  /** The known checkpoints of logs with the same first line. */
  readonly knownCheckpoints: readonly Checkpoint[];
  /** Offset of the first new byte: 0 if all is new, `content.bytes` if nothing is. */
  readonly newFrom: number;
  /** The times of the first and the last line; undefined if no line has one. */
  readonly span: { readonly first: Seconds; readonly last: Seconds } | undefined;
  /** The periods in which it has lines with a year, new or not. */
  readonly stretches: readonly Stretch[];
  readonly lines: Readonly<LineCounts>;
  readonly messages: readonly MessageCount[];
  readonly offenceCount: number;
  /** The log may hold another within it, as `cat auth.log messages` does. */
  readonly isOutOfOrder: boolean;
  /** The offences; see {@link OffenceTable.groups}. */
  readonly groups: Groups;
  /** By address, service and user. */
  readonly logins: readonly Login[];
  /** What may be a proxy; undefined where the proxies are known. */
  readonly webClients?: WebClients | undefined;
  /** Some of the lines that count, if requested. */
  readonly samples: Samples | undefined;
  readonly warnings: readonly string[];
}

/** Reads a log. Throws McblockError if it is damaged; nothing of it then counts. */
export async function readOffences(source: Source, options: OffenceOptions): Promise<LogSummary> {
  const warnings: string[] = [];
  const content = await contentOf(source, options, (text) => warnings.push(text));
  return readLines(source, content, options, warnings);
}

/** As readOffences, for content that is already open, with the warnings so far. */
export async function readLines(
  source: Source,
  { chunks, service }: OwnContent,
  options: OffenceOptions,
  warnings: readonly string[],
): Promise<LogSummary> {
  const civil = new CivilTime(zoneOffsets(options.zone));
  const samples = options.samples === undefined ? undefined : new Samples(options.samples);
  const part = new NewPart();
  const doubts = new LogDoubts();
  const stretches = new Stretches();
  const add = (line: Line): void => {
    doubts.add(line);
    if (line.known && isKnownTime(line.time)) stretches.add(secondsOf(line.time));
    // A line that was incomplete when the log was read before was counted as it was.
    if (line.offset >= part.from) collector.add(line);
  };
  const { scanners, trustedProxies } = options;
  const reader = new LogReader(scanners, civil, service, add, trustedProxies);
  const collector = new OffenceCollector(options, reader.hosts, source.name, samples);
  const content = await part.read(
    chunks,
    options.known,
    (chunk) => reader.push(chunk),
    () => {
      collector.forget();
      doubts.forgetTimes();
    },
  );
  reader.finish();
  const calendar = reader.clock.calendar(source.fileTime, options.year);
  const facts = {
    calendar,
    fileTime: source.fileTime,
    isYearless: reader.clock.isYearless,
    service: options.service,
  };
  const found = part.from < content.bytes ? doubts.warnings(facts) : [];
  return {
    name: source.name,
    content,
    knownCheckpoints: part.knownCheckpoints,
    newFrom: part.from,
    span: collector.span(calendar),
    stretches: stretches.all,
    lines: collector.lineCounts,
    messages: collector.messageCounts,
    offenceCount: collector.offenceCount,
    isOutOfOrder: collector.isOutOfOrder,
    groups: (spaceAround, counted) => collector.groups(calendar, spaceAround, counted),
    logins: collector.logins(calendar),
    webClients: collector.webClients(calendar),
    samples,
    warnings: [...warnings, ...found.map((doubt) => `${source.name}: ${doubt}`)],
  };
}
