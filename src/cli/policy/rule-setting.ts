import { ORIGINS } from '../../blocklist/entry.ts';
import type { Amount, Hours } from '../../blocklist/policy-rule.ts';
import { McblockError } from '../../errors.ts';
import { type Codec, codec, lazy, list, object, optional, refuse } from '../../validation/codec.ts';
import { boolean, matching, oneOf, prefix, whole } from '../../validation/values.ts';
import { tableOf } from '../config/known-keys.ts';
import { duration, SERVICE } from '../config/setting-codecs.ts';
import { COUNTED_KINDS, type DeclaredRule } from './declared-rule.ts';

const MAX_RULES = 256;
const MAX_ITEMS = 1024;
const MINUTES_OF_HOUR = 60;

const USER = matching(/^[^\p{Cc}]{1,64}$/u, 'the name of a user, in which * is any text');
const WORDS = ['known', 'unknown'] as const;

const KEYS = lazy(() =>
  object({
    name: matching(/^[\w][\w .:-]{0,62}$/, 'a name of letters, digits, spaces and . : - _'),
    services: some(SERVICE),
    messages: some(
      matching(
        /^[\w-]+\.[\w-]+(?:\/\d+)?$/,
        'a message such as "sshd.failed-login" or "probe.tcp/23"',
      ),
    ),
    kinds: some(oneOf(...COUNTED_KINDS)),
    users: optional(users(), undefined),
    'known-users': some(matching(/^[^\p{Cc}]{1,64}$/u, 'the name of a user')),
    hosts: some(matching(/^[\w.*:-]{1,255}$/, 'the name of a host, in which * is any text')),
    countries: some(matching(/^[A-Z]{2}$/, 'a two-letter country code such as "XX"')),
    networks: some(asNumber()),
    prefixes: some(prefix()),
    origins: some(oneOf(...ORIGINS)),
    hours: optional(hours(), undefined),
    activations: optional(whole(1, 1_000_000), undefined),
    hits: optional(whole(1, 1_000_000_000), undefined),
    'distinct-users': optional(whole(2, 1_000_000), undefined),
    'distinct-services': optional(whole(2, 1000), undefined),
    'distinct-hosts': optional(whole(2, 1_000_000), undefined),
    points: optional(
      amount(whole(0, 1_000_000), 'points such as 20, or a factor such as "x2"'),
      undefined,
    ),
    window: optional(duration(), undefined),
    penalty: optional(
      amount(duration(), 'a duration in quotes, such as "90d", or a factor such as "x2"'),
      undefined,
    ),
    length4: optional(whole(8, 32), undefined),
    length6: optional(whole(19, 128), undefined),
    forever: optional(boolean(), undefined),
    ignore: optional(boolean(), undefined),
    notify: optional(boolean(), undefined),
  }),
);

/** The tables [[rule]]. */
export function rules(): Codec<readonly DeclaredRule[]> {
  return lazy(() => list({ ...KEYS, read: readRule, write: writeRule }, MAX_RULES));
}

function readRule(value: unknown, path: string): DeclaredRule {
  const known = Object.keys((KEYS.schema as { properties: object }).properties);
  const table = tableOf(known, value, path, 'a table with name, conditions and effects');
  const read = KEYS.read(table, path);
  const { name, points, window: windowSeconds, penalty, length4, length6 } = read;
  const { forever, ignore, notify } = read;
  const { services, messages, kinds, users: named, hosts, countries, networks, prefixes } = read;
  const { origins, hours: times, activations, hits } = read;
  const knownUsers = read['known-users'];
  if (knownUsers !== undefined && typeof named !== 'string') {
    throw new McblockError('input', `${path}.known-users: needs users = "known" or "unknown"`);
  }
  return {
    name,
    conditions: {
      services,
      messages,
      kinds,
      users: named,
      knownUsers,
      hosts,
      countries,
      networks,
      prefixes,
      origins,
      hours: times,
      activations,
      hits,
      distinctUsers: read['distinct-users'],
      distinctServices: read['distinct-services'],
      distinctHosts: read['distinct-hosts'],
    },
    effects: { points, windowSeconds, penalty, length4, length6, forever, ignore, notify },
  };
}

function writeRule({ name, conditions, effects }: DeclaredRule): unknown {
  const { knownUsers, distinctUsers, distinctServices, distinctHosts, ...others } = conditions;
  const { windowSeconds: window, ...more } = effects;
  return KEYS.write({
    name,
    ...others,
    'known-users': knownUsers,
    'distinct-users': distinctUsers,
    'distinct-services': distinctServices,
    'distinct-hosts': distinctHosts,
    window,
    ...more,
  } as Parameters<typeof KEYS.write>[0]);
}

function some<T>(item: Codec<T>): Codec<readonly T[] | undefined> {
  const items = list(item, MAX_ITEMS);
  const filled: Codec<readonly T[]> = {
    ...items,
    read: (value, path) => {
      const read = items.read(value, path);
      if (read.length > 0) return read;
      throw new McblockError('input', `${path}: an empty list: the rule can never apply`);
    },
  };
  return optional(filled, undefined);
}

function users(): Codec<readonly string[] | 'known' | 'unknown'> {
  const names = some(USER) as Codec<readonly string[]>;
  const word = oneOf(...WORDS);
  return {
    ...names,
    schema: { anyOf: [word.schema, names.schema] },
    read: (value, path) => {
      if (!Array.isArray(value)) return readWord(value, path);
      const read = names.read(value, path);
      const meant = WORDS.find((one) => read.length === 1 && read[0] === one);
      if (meant === undefined) return read;
      throw new McblockError(
        'input',
        `${path}: ["${meant}"] is the user of that name; for users who are ${meant} here write users = "${meant}", for that name ["${meant}*"]`,
      );
    },
    write: (value) => value,
  };
}

function readWord(value: unknown, path: string): 'known' | 'unknown' {
  const word = WORDS.find((one) => one === value);
  return word ?? refuse(path, 'a list of names, "known" or "unknown"', value);
}

function asNumber(): Codec<number> {
  return codec({
    schema: { type: 'string' },
    wanted: 'the number of an autonomous system such as "AS64500"',
    parse: (value) => {
      const match = typeof value === 'string' ? /^AS(\d{1,10})$/.exec(value) : null;
      return match ? Number(match[1]) : undefined;
    },
    write: (value) => `AS${value}`,
  });
}

/** `22:00-06:30` */
function hours(): Codec<Hours> {
  return codec<Hours>({
    schema: { type: 'string' },
    wanted: 'hours of the day such as "22:00-06:00"',
    parse: (value) => {
      const match =
        typeof value === 'string'
          ? /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$/.exec(value)
          : null;
      if (match === null) return undefined;
      const [from, fromMinute, to, toMinute] = match.slice(1).map(Number);
      const end = minutes(to, toMinute);
      return end > minutes(24, 0) ? undefined : { from: minutes(from, fromMinute), to: end };
    },
    write: ({ from, to }) => `${clockText(from)}-${clockText(to)}`,
  });
}

function minutes(hour = 0, minute = 0): number {
  return hour * MINUTES_OF_HOUR + minute;
}

function clockText(minute: number): string {
  const parts = [Math.floor(minute / MINUTES_OF_HOUR), minute % MINUTES_OF_HOUR];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

/** A value, or a factor: `x2`, `x0.5`. */
function amount(value: Codec<number>, wanted: string): Codec<Amount> {
  return codec<Amount>({
    schema: {},
    wanted,
    parse: (given) => {
      const match = typeof given === 'string' ? /^x(\d{1,3}(?:\.\d{1,3})?)$/.exec(given) : null;
      if (match !== null) return Number(match[1]) > 0 ? { times: Number(match[1]) } : undefined;
      try {
        return { set: value.read(given, '') };
      } catch {
        return undefined;
      }
    },
    write: (given) => ('set' in given ? value.write(given.set) : `x${given.times}`),
  });
}
