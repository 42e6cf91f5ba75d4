import type { Offence } from '../../blocklist/offence.ts';
import type {
  Amount,
  PolicyRule,
  RuleConditions,
  RuleEffects,
} from '../../blocklist/policy-rule.ts';
import { countText, nounText } from '../../count-text.ts';
import type { Geo } from '../../engine/geo.ts';
import type { PolicyTest, RuleTest } from '../../engine/test-rules.ts';
import { formatAddress } from '../../net/address-text.ts';
import { formatPrefix, shortPrefix } from '../../net/prefix-text.ts';
import { formatDuration, shortDuration } from './duration.ts';
import { lengthText, whereJson } from './entry-text.ts';
import { printable } from './printable.ts';
import { type Column, tableLines } from './table.ts';
import { isoTime, shortTime } from './time.ts';

/** The keys of conditions in the configuration. */
const KEYS: Readonly<Record<keyof RuleConditions, string>> = {
  countries: 'countries',
  networks: 'networks',
  prefixes: 'prefixes',
  events: 'services, messages or kinds',
  users: 'users',
  hosts: 'hosts',
  hours: 'hours',
  origins: 'origins',
  activations: 'activations',
  hits: 'hits',
  distinctUsers: 'distinct-users',
  distinctServices: 'distinct-services',
  distinctHosts: 'distinct-hosts',
};

/** What is known, which rules apply, and the result. */
export function* policyTestLines(
  test: PolicyTest,
  event: Offence | undefined,
  geo: Geo | undefined,
): Generator<string> {
  const { facts, counted, windowSeconds, block } = test;
  const where = geo && whereJson(facts.address, geo);
  yield `${formatAddress(facts.address)}${where ? `: country ${where.country ?? 'unknown'}, ${printable(where.network ?? '-')}` : ''}`;
  yield `  ${nounText(facts.activations, 'activation', 'activations')} and ${nounText(facts.hits, 'hit', 'hits')} before`;
  if (event !== undefined) {
    yield `  ${event.kind.service}.${event.kind.message}, ${shortTime(event.at)} UTC; in the window ${nounText(facts.users, 'user', 'users')}, ${nounText(facts.services, 'service', 'services')}, ${nounText(facts.hosts, 'host', 'hosts')}`;
  }
  if (test.rules.length > 0) yield* tableLines(COLUMNS, test.rules);
  else yield 'no rules';
  if (event !== undefined) yield countsText(counted, windowSeconds);
  if (block.kind === 'refused') yield 'never blocked: a rule ignores it';
  else {
    const { prefix, rule } = block.entry;
    const by = rule === undefined ? '' : `, by rule ${printable(rule)}`;
    yield block.kind === 'covered'
      ? `blocked now: ${shortPrefix(prefix)}`
      : `if it is blocked: ${shortPrefix(prefix)} ${lengthText(block.entry)}${by}`;
  }
}

const COLUMNS: readonly Column<RuleTest>[] = [
  { title: 'RULE', cell: ({ rule }) => rule.name },
  {
    title: 'FITS',
    cell: (test) => ({ true: 'yes', false: 'no', null: '?' })[String(fitOf(test)) as 'true'],
  },
  { title: 'EFFECT', cell: ({ rule }) => effectsText(rule) },
  { title: 'WHY', cell: whyText },
];

/** Null: it depends on the event. */
function fitOf({ failing, unknown }: RuleTest): boolean | null {
  if (failing.length > 0) return false;
  return unknown.length > 0 ? null : true;
}

function whyText({ failing, unknown }: RuleTest): string {
  if (failing.length > 0) return `not: ${keysOf(failing)}`;
  return unknown.length > 0 ? `depends on the event: ${keysOf(unknown)}` : '';
}

function keysOf(names: readonly (keyof RuleConditions)[]): string {
  return names.map((name) => KEYS[name]).join(', ');
}

function countsText(counted: Offence | undefined, windowSeconds: number | undefined): string {
  if (counted === undefined) return 'counts nothing';
  if (counted.kind.isWitness)
    return 'counts no points: a witness hits entries and brings them back';
  const by = counted.kind.rule === undefined ? '' : `, by rule ${printable(counted.kind.rule)}`;
  const window = windowSeconds === undefined ? '' : ` for ${formatDuration(windowSeconds)}`;
  return `counts ${nounText(counted.points, 'point', 'points')}${window}${by}`;
}

function effectsText({ effects }: PolicyRule): string {
  return Object.entries(effectsOf(effects))
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

/** The effects as the configuration has them. */
function effectsOf(effects: RuleEffects): Readonly<Record<string, unknown>> {
  const { points, windowSeconds, penalty, ...others } = effects;
  const all = {
    points: points && amountText(points, countText),
    window: windowSeconds && shortDuration(windowSeconds),
    penalty: penalty && amountText(penalty, shortDuration),
    ...others,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function amountText(amount: Amount, text: (value: number) => string): string {
  return 'set' in amount ? text(amount.set) : `x${amount.times}`;
}

export function policyTestJson(
  { facts, rules, counted, windowSeconds, block }: PolicyTest,
  event: Offence | undefined,
  geo: Geo | undefined,
): object {
  return {
    address: formatAddress(facts.address),
    ...(geo && whereJson(facts.address, geo)),
    activations: facts.activations,
    hits: facts.hits,
    event: event
      ? {
          at: isoTime(event.at),
          service: event.kind.service,
          message: event.kind.message,
          users: facts.users,
          services: facts.services,
          hosts: facts.hosts,
        }
      : null,
    rules: rules.map((test) => ({
      name: test.rule.name,
      fits: fitOf(test),
      failing: test.failing.map((name) => KEYS[name]),
      depends: test.unknown.map((name) => KEYS[name]),
      effects: effectsOf(test.rule.effects),
    })),
    points: counted?.kind.isWitness ? 0 : (counted?.points ?? (event ? 0 : null)),
    windowSeconds: windowSeconds ?? null,
    rule: counted?.kind.rule ?? null,
    block:
      block.kind === 'refused'
        ? null
        : {
            prefix: formatPrefix(block.entry.prefix),
            until: isoTime(block.entry.expiresAt),
            rule: block.entry.rule ?? null,
          },
  };
}
