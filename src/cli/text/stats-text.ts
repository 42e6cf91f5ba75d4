import { countText, nounText } from '../../count-text.ts';
import type { Stats } from '../../engine/stats.ts';
import type { Count } from '../../store/statistics.ts';
import { bar } from './bars.ts';
import { COUNTRY_COLUMNS, countrySumJson } from './country-text.ts';
import { printable } from './printable.ts';
import { tableLines } from './table.ts';
import { isoTime, shortTime } from './time.ts';

/** Earlier days are left out. */
const MAX_DAYS = 31;
const MAX_BAR = 50;
/** Columns in front of a bar. */
const BEFORE_BAR = 24;

interface StatsLayout {
  /** The width of the terminal; undefined if it is none. */
  readonly columns: number | undefined;
  /** The locale has block characters. */
  readonly isUtf8: boolean;
}

export function* statsLines(stats: Stats, layout: StatsLayout): Generator<string> {
  const { columns } = layout;
  yield `${shortTime(stats.since)} to ${shortTime(stats.until)} UTC`;
  yield '';
  yield* summaryLines(stats);
  yield '';
  yield* dayLines(stats, layout);
  yield* offenceLines('SERVICE', stats.services, columns);
  yield* offenceLines('OFFENDER', stats.offenders, columns);
  yield* offenceLines('PREFIX', stats.prefixes, columns);
  yield* offenceLines('PERSISTENT', stats.persistent.most, columns);
  if (stats.networks) yield* offenceLines('NETWORK', stats.networks, columns);
  if (stats.countries && stats.countries.length > 0) {
    yield '';
    yield* tableLines(COUNTRY_COLUMNS, stats.countries, undefined, columns);
  }
}

function* summaryLines(stats: Stats): Generator<string> {
  const { entries, feedPrefixes, addresses4, origins, users } = stats;
  const { active, expired } = entries;
  yield `active     ${activeText(active, feedPrefixes)}, ${countText(addresses4)} IPv4 addresses`;
  yield `expired    ${nounText(expired, 'entry', 'entries')}`;
  yield `expiring   ${expiringText(stats)}`;
  const made = origins.map(({ name, count }) => `${name} ${countText(count)}`);
  const { entries: persistent } = stats.persistent;
  yield `persistent ${nounText(persistent, 'entry is', 'entries are')} still being hit`;
  yield `activated  ${made.length === 0 ? 'none' : made.join(', ')}`;
  yield `users      ${countText(users)} tried lately; only hashes of their names are kept`;
}

/** `3 entries, 100 prefixes of feeds` */
export function activeText(active: number, feedPrefixes: number): string {
  const entries = nounText(active, 'entry', 'entries');
  if (feedPrefixes === 0) return entries;
  return `${entries}, ${nounText(feedPrefixes, 'prefix', 'prefixes')} of feeds`;
}

function expiringText({ expiring, forever }: Stats): string {
  const names: Readonly<Record<number, string>> = {
    1: 'within a day',
    7: 'within a week',
    30: 'within a month',
    365: 'within a year',
  };
  const parts = expiring.map(
    ({ days, entries }) => [entries, names[days] ?? 'later'] as [number, string],
  );
  parts.push([forever, 'never']);
  const shown = parts.filter(([count]) => count > 0);
  return shown.map(([count, when]) => `${countText(count)} ${when}`).join(', ') || 'none';
}

function* dayLines({ days }: Stats, { columns, isUtf8 }: StatsLayout): Generator<string> {
  const shown = days.slice(-MAX_DAYS);
  const most = Math.max(...shown.map(({ activations }) => activations));
  if (most === 0) return;
  const width = Math.max(1, Math.min(MAX_BAR, (columns ?? 80) - BEFORE_BAR));
  yield 'DAY         ACTIVATIONS';
  for (const { day, activations } of shown) {
    const line = `${shortTime(day).slice(0, 10)}  ${countText(activations).padStart(10)}  `;
    yield `${line}${bar(activations / most, width, isUtf8)}`.trimEnd();
  }
}

export function* offenceLines(
  title: string,
  counts: readonly Count[],
  columns: number | undefined,
): Generator<string> {
  if (counts.length === 0) return;
  yield '';
  yield* tableLines(
    [
      { title: 'OFFENCES', align: 'right', cell: ({ count }: Count) => countText(count) },
      { title, cell: ({ name }: Count) => printable(name) },
    ],
    counts,
    undefined,
    columns,
  );
}

export function statsJson(stats: Stats): object {
  const { since, until, entries, feedPrefixes, addresses4, days, forever, users } = stats;
  return {
    since: isoTime(since),
    until: isoTime(until),
    ...entries,
    feedPrefixes,
    ipv4Addresses: Number(addresses4),
    activations: Object.fromEntries(stats.origins.map(({ name, count }) => [name, count])),
    days: days.map(({ day, activations }) => ({ day: shortTime(day).slice(0, 10), activations })),
    services: counted('service', stats.services),
    offenders: counted('address', stats.offenders),
    prefixes: counted('prefix', stats.prefixes),
    networks: stats.networks ? counted('network', stats.networks) : null,
    countries: stats.countries ? stats.countries.map(countrySumJson) : null,
    users,
    expiring: stats.expiring.map(({ days: within, entries: count }) => ({
      days: Number.isFinite(within) ? within : null,
      entries: count,
    })),
    forever,
    persistent: {
      entries: stats.persistent.entries,
      prefixes: counted('prefix', stats.persistent.most),
    },
  };
}

function counted(kind: string, counts: readonly Count[]): object[] {
  return counts.map(({ name, count }) => ({ [kind]: name, offences: count }));
}
