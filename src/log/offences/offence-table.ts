import type { Offence, OffenceKind } from '../../blocklist/offence.ts';
import { type Address, addressOf } from '../../net/address.ts';
import { contains, type Prefix } from '../../net/prefix.ts';
import { PrefixList } from '../../net/prefix-list.ts';
import { type Calendar, Setbacks } from '../time/clock.ts';
import type { AddressTable } from './address-table.ts';
import { Column } from './column.ts';

/** The offences of one space. */
export interface OffenceGroup {
  readonly space: Prefix;
  /** Can be gone through once. An offence is one object that changes: valid until the next one. */
  readonly offences: Iterable<Offence>;
}

type Changing<T> = { -readonly [Name in keyof T]: T[Name] };

/**
 * The offences of one log, 22 bytes each until it has been read to its end: only then is its year
 * known. Addresses and kinds are numbers until then.
 */
export class OffenceTable {
  readonly #addresses: AddressTable;
  readonly #kindOf: (id: number) => OffenceKind;
  readonly #times = new Column(Float64Array);
  readonly #addressIds = new Column(Uint32Array);
  readonly #kindIds = new Column(Uint32Array);
  readonly #points = new Column(Uint32Array);
  readonly #counts = new Column(Uint16Array);
  readonly #setbacks = new Setbacks();

  constructor(addresses: AddressTable, kindOf: (id: number) => OffenceKind) {
    this.#addresses = addresses;
    this.#kindOf = kindOf;
  }

  get length(): number {
    return this.#times.length;
  }

  /** Tells of the time of each line, before its offence is pushed, if it is one. */
  note(time: number): void {
    this.#setbacks.note(time, this.#times.length);
  }

  push(time: number, addressId: number, kindId: number, points: number, count: number): void {
    this.#times.push(time);
    this.#addressIds.push(addressId);
    this.#kindIds.push(kindId);
    this.#points.push(points);
    this.#counts.push(count);
  }

  clear(): void {
    for (const column of [
      this.#times,
      this.#addressIds,
      this.#kindIds,
      this.#points,
      this.#counts,
    ]) {
      column.clear();
    }
    this.#setbacks.clear();
  }

  /**
   * The offences in groups, each in the order of the log, the groups in the order of their
   * addresses. `spaceAround` names the space of a group by its first address; it must name the same
   * for all addresses in that space. Who looks at one group after the other finds what he needs
   * near at hand, where in the order of the log it would lie all over the memory.
   */
  *groups(calendar: Calendar, spaceAround: (address: Address) => Prefix): Generator<OffenceGroup> {
    const times = this.#resolvedTimes(calendar);
    const { groupOf, spaces } = this.#groupAddresses(spaceAround);
    const { order, ends } = this.#sortByGroup(groupOf, spaces.size);
    for (let group = 0, start = 0; group < spaces.size; group++) {
      const end = ends[group] ?? 0;
      const offences = new Rows(this, times, order.subarray(start, end));
      if (end > start) yield { space: spaces.at(group), offences };
      start = end;
    }
  }

  /** Fills in all but the time, and the address only where it is another one than `addressId`. */
  fill(offence: Changing<Offence>, row: number, addressId: number): number {
    const id = this.#addressIds.at(row);
    offence.points = this.#points.at(row);
    offence.count = this.#counts.at(row);
    offence.kind = this.#kindOf(this.#kindIds.at(row));
    if (id !== addressId) offence.address = this.#addresses.address(id);
    return id;
  }

  #resolvedTimes(calendar: Calendar): Float64Array {
    const times = this.#times.copy();
    this.#setbacks.resolve(times, calendar);
    return times;
  }

  /** The number of its group for each address, and the space of each group. */
  #groupAddresses(spaceAround: (address: Address) => Prefix) {
    const groupOf = new Uint32Array(this.#addresses.size);
    const spaces = new PrefixList();
    let space: Prefix | undefined;
    for (const id of this.#addresses.sorted()) {
      const address = this.#addresses.address(id);
      if (space === undefined || !contains(space, address)) {
        space = spaceAround(address);
        spaces.push(space);
      }
      groupOf[id] = spaces.size - 1;
    }
    return { groupOf, spaces };
  }

  /** Counting sort: the rows by group, those of one group as they came, and where each ends. */
  #sortByGroup(groupOf: Uint32Array, groupCount: number) {
    const ids = this.#addressIds;
    const ends = new Uint32Array(groupCount);
    for (let row = 0; row < this.length; row++) {
      const group = groupOf[ids.at(row)] ?? 0;
      ends[group] = (ends[group] ?? 0) + 1;
    }
    let start = 0;
    for (let group = 0; group < groupCount; group++) {
      const size = ends[group] ?? 0;
      ends[group] = start;
      start += size;
    }
    const order = new Uint32Array(this.length);
    for (let row = 0; row < this.length; row++) {
      const group = groupOf[ids.at(row)] ?? 0;
      const place = ends[group] ?? 0;
      order[place] = row;
      ends[group] = place + 1;
    }
    return { order, ends };
  }
}

const NOBODY: Address = addressOf(4, 0);
/** Where none is known. */
export const NO_KIND: OffenceKind = { service: '', message: '', log: '', host: '' };

/**
 * The offences in some rows. One object is filled again for each, and that is handed over in one
 * that is the same each time: a generator takes as long for a row as all that is done with it.
 */
class Rows implements IterableIterator<Offence> {
  readonly #table: OffenceTable;
  readonly #times: Float64Array;
  readonly #rows: Uint32Array;
  #next = 0;
  #addressId = -1;
  readonly #offence: Changing<Offence> = {
    at: 0,
    address: NOBODY,
    points: 0,
    count: 0,
    kind: NO_KIND,
  };
  readonly #result: { done: boolean; value: Offence } = { done: false, value: this.#offence };

  constructor(table: OffenceTable, times: Float64Array, rows: Uint32Array) {
    this.#table = table;
    this.#times = times;
    this.#rows = rows;
  }

  [Symbol.iterator](): IterableIterator<Offence> {
    return this;
  }

  next(): IteratorResult<Offence, undefined> {
    const row = this.#rows[this.#next++];
    if (row === undefined) return { done: true, value: undefined };
    this.#offence.at = Math.max(0, this.#times[row] ?? 0);
    this.#addressId = this.#table.fill(this.#offence, row, this.#addressId);
    return this.#result as IteratorYieldResult<Offence>;
  }
}
