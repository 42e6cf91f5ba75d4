import { parseDuration, shortDuration } from '../text/duration.ts';
import { type ChannelSetting, readChannels, showChannels } from './channels.ts';

/** One key of the configuration: what it may be, what it is when nothing is said, how it is shown. */
export interface Setting<Value> {
  readonly fallback: Value;
  /** What the value says; throws an Error whose message ends the sentence "KEY ...". */
  readonly read: (value: unknown) => Value;
  /** As it would stand in the file. */
  readonly show: (value: Value) => string;
}

export function timezone(fallback: string): Setting<string> {
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

export function duration(fallback: number): Setting<number> {
  return {
    fallback,
    read: (value) => {
      if (typeof value !== 'string')
        throw new Error('takes a length of time in quotes, such as "30d"');
      return parseDuration(value, '');
    },
    show: (value) => `"${shortDuration(value)}"`,
  };
}

export function integer(fallback: number, least: number, most: number): Setting<number> {
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
export function countries<Value>(of: Setting<Value>): Setting<ReadonlyMap<string, Value>> {
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

export function text(fallback: string, form: RegExp, what: string): Setting<string> {
  return {
    fallback,
    read: (value) => {
      if (typeof value !== 'string' || !form.test(value)) throw new Error(`takes ${what}`);
      return value;
    },
    show: (value) => JSON.stringify(value),
  };
}

export function texts(form: RegExp, what: string): Setting<readonly string[]> {
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

export function flag(fallback: boolean): Setting<boolean> {
  return {
    fallback,
    read: (value) => {
      if (typeof value !== 'boolean') throw new Error('takes true or false');
      return value;
    },
    show: String,
  };
}

export function channels(): Setting<ReadonlyMap<string, ChannelSetting>> {
  return {
    fallback: new Map([
      ['block', 'block'],
      ['mcblock', 'block'],
    ]),
    read: readChannels,
    show: showChannels,
  };
}

export function file(what: string): Setting<string> {
  return text('', /^(?:\/\P{Cc}+)?$/u, `the absolute path of ${what}`);
}

export function choice<const Value extends string>(
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
export function command(example: string): Setting<readonly string[]> {
  return {
    fallback: [],
    read: (value) => {
      const words: unknown[] = Array.isArray(value) ? value : [undefined];
      const right = words.every((word) => typeof word === 'string' && !word.includes('\0'));
      if (!right || (words.length > 0 && !String(words[0]).startsWith('/'))) {
        throw new Error(
          `takes a list of words, the absolute path of a program first, such as ${example}`,
        );
      }
      return words as string[];
    },
    show: (value) => JSON.stringify(value),
  };
}

export function size(fallback: number): Setting<number> {
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
export function points(): Setting<ReadonlyMap<string, number>> {
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
