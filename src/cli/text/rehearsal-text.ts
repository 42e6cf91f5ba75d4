import type { PastActivation } from '../../blocklist/fold.ts';
import { countText } from '../../count-text.ts';
import type { Rehearsal, RehearsedEntry } from '../../engine/rehearse/rehearse.ts';
import { formatAddress } from '../../net/address-text.ts';
import { comparePrefixes, type Prefix } from '../../net/prefix.ts';
import { formatPrefix, shortPrefix } from '../../net/prefix-text.ts';
import { shortDuration } from './duration.ts';
import { type Column, tableLines } from './table.ts';
import { isoTime, shortTime } from './time.ts';

const SHOWN_PREFIXES = 20;
const SHOWN_ALARMS = 5;
const DAY_SECONDS = 86_400;

/** A row of the comparison. */
interface Measure {
  readonly title: string;
  readonly value: (one: Rehearsal) => number | bigint;
  /** Left out where it is 0 for all. */
  readonly isOptional?: true;
}

const MEASURES: readonly Measure[] = [
  { title: 'offences', value: (one) => one.offences },
  { title: '  that would not have arrived', value: (one) => one.kept },
  { title: 'prefixes blocked', value: (one) => one.entries.length },
  { title: 'activations', value: (one) => one.activations },
  { title: '  and withdrawn by a login', value: (one) => one.withdrawn, isOptional: true },
  { title: 'IPv4 addresses blocked', value: (one) => one.blocked4 },
  { title: '  that never offended', value: (one) => one.innocent4 },
  { title: 'IPv6 /64s blocked', value: (one) => one.blocked6, isOptional: true },
  { title: '  that never offended', value: (one) => one.innocent6, isOptional: true },
  { title: 'addresses that logged in later', value: (one) => one.falseAlarms.length },
  {
    title: '  while they were blocked',
    value: (one) => one.falseAlarms.filter(({ isLockedOut }) => isLockedOut).length,
    isOptional: true,
  },
];

/** What would have been blocked, by each policy. */
interface Compared {
  readonly prefix: Prefix;
  readonly entries: readonly (RehearsedEntry | undefined)[];
}

export function* rehearsalLines(
  rehearsals: readonly Rehearsal[],
  verbose: boolean,
  width: number | undefined,
): Generator<string> {
  const measures = MEASURES.filter(
    ({ isOptional, value }) => !isOptional || rehearsals.some((one) => Number(value(one)) > 0),
  );
  const columns: Column<Measure>[] = [
    { title: '', cell: ({ title }) => title },
    ...rehearsals.map(
      (one): Column<Measure> => ({
        title: one.name,
        align: 'right',
        cell: ({ value }) => countText(value(one)),
      }),
    ),
  ];
  yield* tableLines(columns, measures, undefined, width);
  yield* prefixLines(rehearsals, verbose, width);
  for (const { name, falseAlarms } of rehearsals) {
    const shown = verbose ? falseAlarms : falseAlarms.slice(0, SHOWN_ALARMS);
    for (const { address, prefix, blockedAt, blockedUntil, loggedInAt } of shown) {
      const times = `${shortTime(blockedAt)} to ${shortTime(blockedUntil)}`;
      yield `${name}: ${formatAddress(address)} logged in ${shortTime(loggedInAt)}, blocked ${times} in ${shortPrefix(prefix)}`;
    }
    if (falseAlarms.length > shown.length) {
      yield `${name}: and ${countText(falseAlarms.length - shown.length)} more that logged in later`;
    }
  }
}

/** The prefixes that differ; all of them if there is nothing to compare. */
function* prefixLines(
  rehearsals: readonly Rehearsal[],
  verbose: boolean,
  width: number | undefined,
): Generator<string> {
  const all = comparedOf(rehearsals).filter(
    ({ entries }) => entries.length === 1 || new Set(entries.map(blocksText)).size > 1,
  );
  if (all.length === 0) {
    if (rehearsals.length > 1) yield 'no difference in who is blocked';
    return;
  }
  yield '';
  const columns: Column<Compared>[] = [
    { title: 'PREFIX', cell: ({ prefix }) => shortPrefix(prefix) },
    ...rehearsals.map(
      ({ name }, index): Column<Compared> => ({
        title: name,
        cell: ({ entries }) => blocksText(entries[index]),
      }),
    ),
  ];
  const shown = verbose ? all : all.slice(0, SHOWN_PREFIXES);
  yield* tableLines(columns, shown, undefined, width);
  if (all.length > shown.length) {
    yield `and ${countText(all.length - shown.length)} more; use --verbose`;
  }
}

function comparedOf(rehearsals: readonly Rehearsal[]): Compared[] {
  const byPrefix = new Map<string, { prefix: Prefix; entries: (RehearsedEntry | undefined)[] }>();
  for (const [index, { entries }] of rehearsals.entries()) {
    for (const entry of entries) {
      const name = formatPrefix(entry.prefix);
      const none = rehearsals.map(() => undefined);
      const compared = byPrefix.get(name) ?? { prefix: entry.prefix, entries: none };
      compared.entries[index] = entry;
      byPrefix.set(name, compared);
    }
  }
  return [...byPrefix.values()].toSorted((p, q) => comparePrefixes(p.prefix, q.prefix));
}

/** The latest block, and how many there were: `2026-03-01 60d (2)`. */
function blocksText(entry: RehearsedEntry | undefined): string {
  const latest = entry?.activations.at(-1);
  if (entry === undefined || latest === undefined) return '-';
  const count = entry.activations.length;
  return `${shortTime(latest.at).slice(0, 10)} ${lengthText(latest)}${count > 1 ? ` (${count})` : ''}`;
}

function lengthText({ at, until }: PastActivation): string {
  if (until === 'forever') return 'forever';
  const days = Math.round((until - at) / DAY_SECONDS);
  return shortDuration(days > 0 ? days * DAY_SECONDS : until - at);
}

export function rehearsalJson(one: Rehearsal): object {
  return {
    policy: one.name,
    offences: one.offences,
    wouldNotHaveArrived: one.kept,
    activations: one.activations,
    withdrawn: one.withdrawn,
    addresses4: Number(one.blocked4),
    neverOffended4: Number(one.innocent4),
    networks6: Number(one.blocked6),
    neverOffended6: Number(one.innocent6),
    falseAlarms: one.falseAlarms.map((alarm) => ({
      address: formatAddress(alarm.address),
      prefix: formatPrefix(alarm.prefix),
      blockedAt: isoTime(alarm.blockedAt),
      blockedUntil: isoTime(alarm.blockedUntil),
      loggedInAt: isoTime(alarm.loggedInAt),
      whileBlocked: alarm.isLockedOut,
    })),
    entries: one.entries.map(({ prefix, hits, activations }) => ({
      prefix: formatPrefix(prefix),
      hits,
      activations: activations.map(({ number, at, until, rule }) => ({
        number,
        at: isoTime(at),
        until: isoTime(until),
        rule: rule ?? null,
      })),
    })),
  };
}
