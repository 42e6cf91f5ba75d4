import { type Expiry, isOrigin, type Origin, type Seconds } from '../blocklist/entry.ts';
import { McblockError, reasonOf } from '../errors.ts';
import type { Address } from '../net/address.ts';
import { parseAddress } from '../net/address-text.ts';
import type { Prefix } from '../net/prefix.ts';
import { parsePrefix } from '../net/prefix-text.ts';
import { isSeconds, isWhole } from './value.ts';

const TIME = /^(?:\d{4}|\+\d{6})-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const DAY = /^(?:\d{4}|\+\d{6})-\d\d-\d\d$/;
/** Half of a character: with the flag u, whole ones do not match. */
const SURROGATE = /\p{Surrogate}/u;
const DAY_MILLISECONDS = 86_400_000;

/** A time as records have it: 2026-03-19T23:48:18Z. */
export function timeText(at: Seconds): string {
  return new Date(at * 1000).toISOString().replace('.000', '');
}

/** null for ever, and for what has no time. */
export function timeOrNull(time: number | 'forever' | undefined): string | null {
  return time === undefined || time === 'forever' ? null : timeText(time);
}

/** A day since 1970 as records have it: 2026-03-19. */
export function dayText(day: number): string {
  return timeText(day * (DAY_MILLISECONDS / 1000)).replace(/T.*$/, '');
}

/**
 * The fields of one object of a record that came from outside. Each is asked for by name and must
 * be there, of its type; {@link end} refuses what nobody asked for. All throw McblockError('input').
 */
export class Fields {
  readonly #what: string;
  readonly #object: Readonly<Record<string, unknown>>;
  readonly #asked = new Set<string>();

  /** @param what names the object in messages: `an entry` */
  constructor(what: string, value: unknown) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new McblockError('input', `${what} must be a JSON object`);
    }
    this.#what = what;
    this.#object = value as Readonly<Record<string, unknown>>;
  }

  text(name: string): string {
    const value = this.#value(name);
    // A lone surrogate would not come back from the store as it went in.
    if (typeof value === 'string' && !SURROGATE.test(value)) return value;
    return this.#refuse(name, 'a text');
  }

  /** null is undefined. */
  optionalText(name: string): string | undefined {
    return this.#value(name) === null ? undefined : this.text(name);
  }

  whole(name: string): number {
    const value = this.#value(name);
    return isWhole(value) ? value : this.#refuse(name, 'a whole number from 0');
  }

  /** At least 1. */
  count(name: string): number {
    const value = this.#value(name);
    return isWhole(value) && value > 0 ? value : this.#refuse(name, 'a whole number from 1');
  }

  time(name: string): Seconds {
    const value = this.#value(name);
    const at =
      typeof value === 'string' && TIME.test(value) ? Date.parse(value) / 1000 : Number.NaN;
    // Written again it must be the same: the 31st of February is no day.
    if (isSeconds(at) && timeText(at) === value) return at;
    return this.#refuse(name, 'a time such as 2026-03-19T23:48:18Z');
  }

  /** null is undefined. */
  optionalTime(name: string): Seconds | undefined {
    return this.#value(name) === null ? undefined : this.time(name);
  }

  /** null is for ever. */
  expiry(name: string): Expiry {
    return this.#value(name) === null ? 'forever' : this.time(name);
  }

  days(name: string): number[] {
    return this.list(name).map((value) => {
      const isDay = typeof value === 'string' && DAY.test(value);
      const day = isDay ? Date.parse(value) / DAY_MILLISECONDS : Number.NaN;
      if (isWhole(day) && dayText(day) === value) return day;
      return this.#refuse(name, 'a list of days such as 2026-03-19');
    });
  }

  origin(name: string): Origin {
    const value = this.#value(name);
    return isOrigin(value) ? value : this.#refuse(name, 'an origin such as grok');
  }

  prefix(name: string): Prefix {
    try {
      return parsePrefix(this.text(name));
    } catch (error) {
      return this.#refuse(name, `a prefix (${reasonOf(error)})`);
    }
  }

  prefixes(name: string): Prefix[] {
    return this.list(name).map((value) => {
      try {
        return parsePrefix(String(value));
      } catch (error) {
        return this.#refuse(name, `a list of prefixes (${reasonOf(error)})`);
      }
    });
  }

  address(name: string): Address {
    return parseAddress(this.text(name)) ?? this.#refuse(name, 'an address');
  }

  /** null is undefined. */
  optionalAddress(name: string): Address | undefined {
    return this.#value(name) === null ? undefined : this.address(name);
  }

  /** SHA-256 in hexadecimal. */
  digest(name: string): Uint8Array {
    const text = this.text(name);
    if (/^[0-9a-f]{64}$/.test(text)) return Buffer.from(text, 'hex');
    return this.#refuse(name, '64 hexadecimal digits');
  }

  list(name: string): readonly unknown[] {
    const value = this.#value(name);
    return Array.isArray(value) ? value : this.#refuse(name, 'a list');
  }

  /** To be called when all that may be there was asked for. */
  end(): void {
    for (const name of Object.keys(this.#object)) {
      if (this.#asked.has(name)) continue;
      throw new McblockError('input', `${this.#what} has no field ${JSON.stringify(name)}`);
    }
  }

  #value(name: string): unknown {
    this.#asked.add(name);
    return Object.hasOwn(this.#object, name) ? this.#object[name] : undefined;
  }

  #refuse(name: string, wanted: string): never {
    const text = JSON.stringify(this.#object[name]) ?? 'nothing';
    const found = text.length > 60 ? `${text.slice(0, 60)}…` : text;
    throw new McblockError('input', `"${name}" of ${this.#what} must be ${wanted}, not ${found}`);
  }
}
