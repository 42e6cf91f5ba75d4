import type { Seconds } from '../../blocklist/entry.ts';
import { messagesText } from '../../blocklist/message-counts.ts';
import { countText, nounText } from '../../count-text.ts';
import type { EntryReport } from '../../engine/judge/entry-reports.ts';
import type { LogReport } from '../../engine/judge/log-report.ts';
import { type EntryOutcome, OUTCOMES } from '../../engine/judge/pending-changes.ts';
import type { Sample } from '../../log/offences/samples.ts';
import { formatAddress } from '../../net/address-text.ts';
import { formatPrefix, shortPrefix } from '../../net/prefix-text.ts';
import { withdrawalText } from './change-text.ts';
import type { Colours } from './colours.ts';
import { printable } from './printable.ts';
import { likelyProxyText, proxyText } from './proxy-text.ts';
import { type Column, tableLines, timeColumn } from './table.ts';
import { isoTime, shortTime } from './time.ts';

const TITLES: Record<EntryOutcome, string> = {
  new: 'new',
  reactivated: 'reactivated',
  extended: 'extended',
  folded: 'folded',
  covered: 'hit again',
  evidence: 'evidence',
};

/** Number of lines shown for each entry of a dry run. */
export const SHOWN_SAMPLES = 3;

/** Number of entries shown without --verbose. */
const SHOWN_ENTRIES = 20;

const COLUMNS: readonly Column<EntryReport>[] = [
  { title: '', cell: ({ outcome }) => `  ${TITLES[outcome]}` },
  { title: 'PREFIX', cell: ({ prefix }) => shortPrefix(prefix) },
  { title: 'TIMES', align: 'right', cell: ({ activations }) => String(activations) },
  timeColumn('UNTIL', ({ expiresAt }) => shortTime(expiresAt)),
  { title: 'HITS', align: 'right', cell: ({ hits }) => String(hits) },
  { title: 'EVIDENCE', cell: ({ messages }) => messagesText(messages) },
];

/** How to show a report. */
interface ReportLayout {
  readonly colours: Colours;
  readonly verbose: boolean;
  readonly now: Seconds;
  readonly columns: number | undefined;
}

/** The report of one log for people: what was read, the entries that changed, and the totals. */
export function* grokReportLines(report: LogReport, layout: ReportLayout): Generator<string> {
  const { colours, verbose, now, columns } = layout;
  const name = printable(report.summary.name);
  if (report.alreadyRead) {
    yield `${name}: nothing new since it was last read`;
    return;
  }
  yield `${name}: ${readText(report)}`;
  const { entries } = report;
  if (entries.size > 0) {
    const shown = verbose ? entries : firstOf(entries, SHOWN_ENTRIES);
    const painted = (line: string, row: EntryReport | undefined) =>
      withDetails(paint(line, row, colours), row, report, colours, verbose);
    yield* tableLines(COLUMNS, shown, painted, columns);
    const more = entries.size - SHOWN_ENTRIES;
    if (!verbose && more > 0) yield `  ... and ${countText(more)} more; --verbose lists all`;
    const expired = countOf(
      entries,
      ({ expiresAt }) => expiresAt !== 'forever' && expiresAt <= now,
    );
    if (expired > 0)
      yield `  expired      ${countText(expired)} of these ${countText(entries.size)} by now`;
  }
  for (const { address, reason, count } of report.spared) {
    yield `  spared       ${formatAddress(address)}, ${SPARED[reason]}: ${offences(count)}`;
  }
  for (const proxy of report.uncounted) yield `  not counted  ${likelyProxyText(proxy)}`;
  for (const prefix of report.withdrawn) {
    yield `  withdrawn    ${shortPrefix(prefix)}: ${withdrawalText('login')}`;
  }
  if (verbose) {
    for (const { service, message, count } of report.summary.messages) {
      yield `  ${service} ${message}: ${countText(count)}`;
    }
  }
  if (report.refused > 0) {
    yield `  ${refusedText(report.refused)}`;
  }
  yield `  ${sumText(report)}`;
}

export function grokReportJson(report: LogReport): object {
  const { name, content, newFrom, span, lines, offenceCount, warnings, samples } = report.summary;
  return {
    log: name,
    alreadyRead: report.alreadyRead,
    bytes: content.bytes,
    newFrom,
    first: isoTime(span?.first),
    last: isoTime(span?.last),
    lines,
    offences: offenceCount,
    repeated: report.repeated,
    entries: Array.from(report.entries, (row) => ({
      prefix: formatPrefix(row.prefix),
      outcome: row.outcome,
      hits: row.hits,
      activations: row.activations,
      expiresAt: isoTime(row.expiresAt),
      messages: Object.fromEntries(
        row.messages.map(({ service, message, count }) => [`${service} ${message}`, count]),
      ),
      proxy: row.proxy || null,
      ...(samples ? { lines: samples.within(row.prefix).map(sampleJson) } : {}),
    })),
    spared: report.spared.map(({ address, reason, count }) => ({
      address: formatAddress(address),
      reason,
      offences: count,
    })),
    likelyProxies: report.uncounted.map(({ prefix, offences: count }) => ({
      prefix: formatPrefix(prefix),
      offences: count,
    })),
    withdrawn: report.withdrawn.map(formatPrefix),
    refused: report.refused,
    warnings,
  };
}

function sampleJson({ number, text }: Sample): object {
  return { number, text };
}

const SPARED = {
  allowed: 'allow-list',
  own: 'this host',
  session: 'your ssh session',
  proxy: 'trusted proxy',
  login: 'trusted address',
  private: 'private space',
  ignored: 'a rule of the policy',
  connected: 'a network of this host',
} as const;

function readText({ summary, repeated }: LogReport): string {
  const { lines, span, offenceCount, newFrom } = summary;
  const fresh = newFrom > 0 ? 'new ' : '';
  const when = span ? `, ${shortTime(span.first)} to ${shortTime(span.last)} UTC` : '';
  const odd = [
    repeated > 0 && `${countText(repeated)} counted before`,
    lines.unmatched > 0 && `${countText(lines.unmatched)} unmatched`,
    lines.ambiguous > 0 && `${countText(lines.ambiguous)} ambiguous`,
    lines.cut > 0 && `${countText(lines.cut)} too long`,
  ].filter((text) => text !== false);
  const oddText = odd.length > 0 ? ` (${odd.join(', ')})` : '';
  return `${nounText(lines.lines, `${fresh}line`, `${fresh}lines`)}${when}, ${offences(offenceCount)}${oddText}`;
}

function firstOf<T>(items: Iterable<T>, count: number): T[] {
  const first: T[] = [];
  for (const item of items) {
    if (first.length === count) break;
    first.push(item);
  }
  return first;
}

function countOf<T>(items: Iterable<T>, matches: (item: T) => boolean): number {
  let count = 0;
  for (const item of items) if (matches(item)) count++;
  return count;
}

function sumText(report: LogReport): string {
  const parts = OUTCOMES.filter(
    (outcome) => outcome !== 'folded' || report.entries.count(outcome) > 0,
  ).map((outcome) => `${report.entries.count(outcome)} ${TITLES[outcome]}`);
  return [...parts, `${report.spared.length} spared`].join(', ');
}

/** How many entries the limit kept from becoming active. */
function refusedText(count: number): string {
  return `refused      ${nounText(count, 'entry', 'entries')}: too much would be blocked (limits.share)`;
}

function offences(count: number): string {
  return nounText(count, 'offence', 'offences');
}

/** The proxy and, in a dry run, the lines that count are shown below their entry. */
function withDetails(
  line: string,
  row: EntryReport | undefined,
  { summary }: LogReport,
  colours: Colours,
  verbose: boolean,
): string {
  let text = row?.proxy ? `${line}\n      ${proxyText(row.proxy)}` : line;
  const samples = row && summary.samples?.within(row.prefix);
  if (!samples) return text;
  const shown = verbose ? samples.length : Math.min(samples.length, SHOWN_SAMPLES);
  for (let index = 0; index < shown; index++) {
    const sample = samples[index];
    if (sample === undefined) continue;
    text += `\n${colours.dim(`      ${sample.number}: ${printable(sample.text)}`)}`;
  }
  return shown < samples.length ? `${text}\n${colours.dim('      ...')}` : text;
}

function paint(line: string, row: EntryReport | undefined, colours: Colours): string {
  if (row === undefined) return colours.dim(line);
  if (row.outcome === 'new') return colours.red(line);
  if (row.outcome === 'reactivated') return colours.yellow(line);
  return line;
}
