import type { Expiry, Seconds } from '../../blocklist/entry.ts';
import { McblockError } from '../../errors.ts';
import { NumberColumn } from '../../log/offences/number-column.ts';
import type { Family } from '../../net/address.ts';
import { NetworkRun } from '../../net/network-run.ts';
import { comparePrefixes, type Prefix } from '../../net/prefix.ts';

/** A ban of one prefix, read and checked. */
export interface CheckedBan {
  readonly prefix: Prefix;
  /** The line or row, from 1. */
  readonly number: number;
  readonly since: Seconds | undefined;
  readonly until: Expiry | undefined;
  readonly reason: string;
}

const MAX_BANS = 20_000_000;
/** Further reasons are left out. */
const MAX_REASONS = 2 ** 16;
const MAX_REASON_CHARACTERS = 200;
/** Stands for undefined in a NumberColumn. */
const NONE = Number.NaN;

/** Bans in little memory: there is no object for each. */
export class BanTable {
  readonly #families: Readonly<Record<Family, Columns>> = { 4: new Columns(4), 6: new Columns(6) };
  readonly #reasons: string[] = [''];
  readonly #reasonIndices = new Map([['', 0]]);

  get size(): number {
    return this.#families[4].run.size + this.#families[6].run.size;
  }

  /** Throws McblockError('input') if there are too many. */
  push({ prefix, number, since, until, reason }: CheckedBan): void {
    if (this.size >= MAX_BANS) throw new McblockError('input', `more than ${MAX_BANS} bans`);
    const { family, a, b, c, d, length } = prefix;
    const columns = this.#families[family];
    columns.run.push(a, b, c, d, length);
    columns.numbers.push(number);
    columns.since.push(since ?? NONE);
    columns.until.push(until === 'forever' ? Number.POSITIVE_INFINITY : (until ?? NONE));
    columns.reasons.push(this.#indexOf(reason));
  }

  /** In the order of comparePrefixes; bans of one prefix by their start. */
  *sorted(): Generator<CheckedBan> {
    for (const family of [4, 6] as const) {
      const columns = this.#families[family];
      let same: CheckedBan[] = [];
      for (const index of columns.run.order()) {
        const ban = this.#at(columns, index);
        const [first] = same;
        if (first !== undefined && comparePrefixes(first.prefix, ban.prefix) !== 0) {
          yield* byBeginning(same);
          same = [];
        }
        same.push(ban);
      }
      yield* byBeginning(same);
    }
  }

  #at({ run, numbers, since, until, reasons }: Columns, index: number): CheckedBan {
    const end = until.at(index);
    return {
      prefix: run.at(index),
      number: numbers.at(index),
      since: definedOr(since.at(index)),
      until: end === Number.POSITIVE_INFINITY ? 'forever' : definedOr(end),
      reason: this.#reasons[reasons.at(index)] ?? '',
    };
  }

  #indexOf(reason: string): number {
    const known = this.#reasonIndices.get(reason);
    if (known !== undefined || this.#reasons.length >= MAX_REASONS) return known ?? 0;
    this.#reasonIndices.set(reason, this.#reasons.length);
    return this.#reasons.push(reason.slice(0, MAX_REASON_CHARACTERS)) - 1;
  }
}

class Columns {
  readonly run: NetworkRun;
  readonly numbers = new NumberColumn(Uint32Array);
  readonly since = new NumberColumn(Float64Array);
  readonly until = new NumberColumn(Float64Array);
  readonly reasons = new NumberColumn(Uint16Array);

  constructor(family: Family) {
    this.run = new NetworkRun(family);
  }
}

function definedOr(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value;
}

function byBeginning(bans: CheckedBan[]): CheckedBan[] {
  return bans.length < 2 ? bans : bans.toSorted((p, q) => (p.since ?? 0) - (q.since ?? 0));
}
