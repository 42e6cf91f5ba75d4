import { DEFAULT_POLICY } from '../../blocklist/policy.ts';
import { parseDuration, shortDuration } from '../text/duration.ts';

/** One key of the configuration: what it may be, what it is when nothing is said, how it is shown. */
export interface Setting<Value> {
  readonly fallback: Value;
  /** What the value says; throws an Error whose message ends the sentence "KEY ...". */
  readonly read: (value: unknown) => Value;
  /** As it would stand in the file. */
  readonly show: (value: Value) => string;
}

const policy = DEFAULT_POLICY;

/** An absolute path, or nothing. */
const FILE = /^(?:\/.*)?$/;

/** An interface as pf names it; IFNAMSIZ leaves 15 characters. */
export const INTERFACE_NAME = /^[A-Za-z][\w.:-]{0,14}$/;

/** Every key there is. The configuration file has these and no others. */
export const SETTINGS = {
  timezone: timezone('local'),
  'penalty.first': duration(policy.penalty.firstSeconds),
  'penalty.longest': duration(policy.penalty.longestSeconds),
  'auto.length4': integer(policy.auto.length4, 8, 32),
  'auto.length6': integer(policy.auto.length6, 19, 128),
  'persistent.days': integer(policy.persistent.days, 1, 366),
  'reactivate.widest4': integer(policy.reactivate.widest4, 1, 32),
  'reactivate.widest6': integer(policy.reactivate.widest6, 1, 128),
  'reactivate.points': integer(policy.reactivate.points, 1, 1_000_000),
  'trust.days': integer(policy.trust.days, 0, 36_500),
  'offence.points': integer(policy.offence.points, 1, 1_000_000),
  'offence.window': duration(policy.offence.windowSeconds),
  'offence.messages': points(),
  'widen.enabled': flag(false),
  'widen.widest4': integer(20, 8, 31),
  'widen.widest6': integer(48, 19, 127),
  'widen.share': integer(50, 1, 100),
  'widen.least': integer(4, 2, 1_000_000),
  'log.size-limit': size(4 * 1024 ** 3),
  'log.decompressor': choice('auto', ['auto', 'lbzip2', 'bzip2', 'built-in']),
  'geo.country': text('', FILE, 'an absolute path of a database in MaxMind’s format'),
  'geo.network': text('', FILE, 'an absolute path of a database in MaxMind’s format'),
  'geo.penalties': countries(duration(0)),
  'geo.lengths4': countries(integer(24, 8, 32)),
  'geo.lengths6': countries(integer(64, 19, 128)),
  'grammar.folder': text('', FILE, 'an absolute path of a folder with .grammar files'),
  'firewall.kind': choice('auto', ['auto', 'pf', 'nft', 'file']),
  'firewall.table': text(
    'mcblock',
    /^[A-Za-z_][\w-]{0,30}$/,
    'a table name of at most 31 letters, digits, - and _',
  ),
  'pf.external': texts(INTERFACE_NAME, 'a list of interfaces such as ["em0", "em1"]'),
  'firewall.file': text('', /^(?:\/\P{Cc}+)?$/u, 'the absolute path of a table file'),
  'firewall.command': command(),
  'firewall.pfctl': text('/sbin/pfctl', /^\/\P{Cc}+$/u, 'the absolute path of pfctl'),
  'firewall.nft': text('/usr/sbin/nft', /^\/\P{Cc}+$/u, 'the absolute path of nft'),
  'fleet.body-limit': size(1024 ** 2),
  'fleet.list-limit': integer(10_000, 1, 1_000_000),
  'fleet.rate': integer(1000, 1, 1_000_000_000),
  'fleet.url': text(
    '',
    /^(?:https?:\/\/[^\s/?#@]+(?:\/[^\s?#@]*)?)?$/,
    'where the API is, such as "https://fleet.example.net", without a name or password',
  ),
  'fleet.user': text('', /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$|^$/, 'the name of a user of the API'),
  'fleet.password-file': file('a file with the password, mode 0600'),
  'fleet.ca': file('the certificate of who signed that of the API, PEM'),
  'fleet.cert': file('the certificate of this machine, PEM'),
  'fleet.key': file('the key to fleet.cert, PEM'),
  'fleet.pf-tables': texts(
    /^[\w*-]{1,31}$/,
    'a list of tables of pf, in which * stands for any letters or none, such as ["brute*"]',
  ),
  'fleet.pf-expire': duration(1215),
  'fleet.longest': duration(policy.penalty.longestSeconds),
  'fleet.change-limit': integer(1_000_000, 1, 1_000_000_000),
  'fleet.outbox-limit': integer(100_000, 1, 10_000_000),
} as const;

export type SettingKey = keyof typeof SETTINGS;
export type SettingValue<Key extends SettingKey> = (typeof SETTINGS)[Key]['fallback'];

function timezone(fallback: string): Setting<string> {
  return {
    fallback,
    read: (value) => {
      if (value !== 'local' && !isTimeZone(value))
        throw new Error('takes an IANA time zone such as "Europe/Berlin", or "local"');
      return String(value);
    },
    show: (value) => JSON.stringify(value),
  };
}

function isTimeZone(name: unknown): boolean {
  if (typeof name !== 'string') return false;
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}

function duration(fallback: number): Setting<number> {
  return {
    fallback,
    read: (value) => {
      if (typeof value !== 'string')
        throw new Error('takes a length of time in quotes, such as "30d"');
      return parseDuration(value, 'it');
    },
    show: (value) => `"${shortDuration(value)}"`,
  };
}

function integer(fallback: number, least: number, most: number): Setting<number> {
  return {
    fallback,
    read: (value) => {
      if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
        throw new Error(`takes a whole number from ${least} to ${most}`);
      }
      return value;
    },
    show: String,
  };
}

/** `{ XX = … }`: a value for each country, by its two letters (ISO 3166-1). */
function countries<Value>(of: Setting<Value>): Setting<ReadonlyMap<string, Value>> {
  return {
    fallback: new Map(),
    read: (value) => {
      const rows = typeof value === 'object' && value !== null ? Object.entries(value) : undefined;
      if (Array.isArray(value) || !rows?.every(([country]) => /^[A-Z]{2}$/.test(country))) {
        throw new Error('takes a table of countries, such as { XX = … }, by their two letters');
      }
      return new Map(rows.map(([country, one]): [string, Value] => [country, of.read(one)]));
    },
    show: (values) =>
      `{ ${Array.from(values, ([country, one]) => `${country} = ${of.show(one)}`).join(', ')} }`,
  };
}

function text(fallback: string, form: RegExp, what: string): Setting<string> {
  return {
    fallback,
    read: (value) => {
      if (typeof value !== 'string' || !form.test(value)) throw new Error(`takes ${what}`);
      return value;
    },
    show: (value) => JSON.stringify(value),
  };
}

function texts(form: RegExp, what: string): Setting<readonly string[]> {
  return {
    fallback: [],
    read: (value) => {
      const isList = Array.isArray(value) && value.every((one) => typeof one === 'string');
      if (!isList || !value.every((one) => form.test(one))) throw new Error(`takes ${what}`);
      return value;
    },
    show: (value) => JSON.stringify(value),
  };
}

function flag(fallback: boolean): Setting<boolean> {
  return {
    fallback,
    read: (value) => {
      if (typeof value !== 'boolean') throw new Error('takes true or false');
      return value;
    },
    show: String,
  };
}

function file(what: string): Setting<string> {
  return text('', /^(?:\/\P{Cc}+)?$/u, `the absolute path of ${what}`);
}

function choice<const Value extends string>(
  fallback: Value,
  values: readonly Value[],
): Setting<Value> {
  return {
    fallback,
    read: (value) => {
      const found = values.find((candidate) => candidate === value);
      if (found === undefined)
        throw new Error(`takes one of ${values.map((v) => `"${v}"`).join(', ')}`);
      return found;
    },
    show: (value) => JSON.stringify(value),
  };
}

/** A program by its full path, and its arguments: run as they stand, by no shell. Empty: none. */
function command(): Setting<readonly string[]> {
  return {
    fallback: [],
    read: (value) => {
      const words: unknown[] = Array.isArray(value) ? value : [undefined];
      const right = words.every((word) => typeof word === 'string' && !word.includes('\0'));
      if (!right || (words.length > 0 && !String(words[0]).startsWith('/'))) {
        throw new Error(
          'takes a list of words, the absolute path of a program first, such as ["/sbin/pfctl", "-f", "/etc/pf.conf"]',
        );
      }
      return words as string[];
    },
    show: (value) => JSON.stringify(value),
  };
}

function size(fallback: number): Setting<number> {
  const units = { K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 } as const;
  return {
    fallback,
    read: (value) => {
      const match = typeof value === 'string' ? /^([1-9]\d{0,8})([KMGT])$/.exec(value) : null;
      if (!match) throw new Error('takes a size in quotes, such as "512M" or "4G"');
      return Number(match[1]) * units[match[2] as keyof typeof units];
    },
    show: (value) => {
      const unit = value % units.G === 0 ? 'G' : value % units.M === 0 ? 'M' : 'K';
      return `"${value / units[unit]}${unit}"`;
    },
  };
}

/** `{ "sshd.failed-login" = 20 }`: other points than the grammar's; 0 does not count the message. */
function points(): Setting<ReadonlyMap<string, number>> {
  const what = 'takes a table of messages and points, such as { "sshd.failed-login" = 20 }';
  return {
    fallback: new Map(),
    read: (value) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        throw new Error(what);
      return new Map(
        Object.entries(value).map(([name, count]) => {
          const whole = Number.isInteger(count) && count >= 0 && count <= 1_000_000;
          if (!/^[\w-]+\.[\w-]+$/.test(name) || !whole) throw new Error(what);
          return [name, count as number];
        }),
      );
    },
    show: (value) => `{ ${[...value].map(([name, count]) => `"${name}" = ${count}`).join(', ')} }`,
  };
}
