import type { Offence, OffenceKind } from '../../blocklist/offence.ts';
import { type Address, compareAddresses } from '../../net/address.ts';
import { lastAddress, type Prefix } from '../../net/prefix.ts';
import { PrefixList } from '../../net/prefix-list.ts';
import { type Calendar, Setbacks } from '../time/clock.ts';
import type { AddressTable } from './address-table.ts';
import { Column } from './column.ts';
import { OffenceRows } from './offence-rows.ts';

/** The offences of one space. */
export interface OffenceGroup {
  readonly space: Prefix;
  /** Can be gone through once. An offence is one object that changes: valid until the next one. */
  readonly offences: Iterable<Offence>;
}

/** The addresses in groups. */
interface AddressGroups {
  /** In order. */
  readonly ids: Uint32Array;
  /** By the number of an address: its group, and the how manieth in it it is, from 0. */
  readonly groupOf: Uint32Array;
  readonly memberOf: Uint32Array;
  /** By group: its space, and where its addresses end; they begin where those before it end. */
  readonly spaces: PrefixList;
  readonly ends: Uint32Array;
}

/** Where none is known. */
export const NO_KIND: OffenceKind = { service: '', message: '', log: '', host: '' };

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
    const addresses = this.#groupAddresses(spaceAround);
    const { rows, ends } = this.#sortByGroup(calendar, addresses);
    for (let group = 0, row = 0, first = 0; group < ends.length; group++) {
      const [end, last] = [ends[group] ?? 0, addresses.ends[group] ?? 0];
      if (end > row) {
        const members: Address[] = [];
        for (let index = first; index < last; index++) {
          members.push(this.#addresses.address(addresses.ids[index] ?? 0));
        }
        yield { space: addresses.spaces.at(group), offences: rows.between(row, end, members) };
      }
      row = end;
      first = last;
    }
  }

  #groupAddresses(spaceAround: (address: Address) => Prefix): AddressGroups {
    const ids = this.#addresses.sorted();
    const groupOf = new Uint32Array(ids.length);
    const memberOf = new Uint32Array(ids.length);
    const ends = new Uint32Array(ids.length);
    const spaces = new PrefixList();
    /** The last address of the space that was named last: what comes after it lies outside. */
    let last: Address | undefined;
    let first = 0;
    for (let index = 0; index < ids.length; index++) {
      const id = ids[index] ?? 0;
      const address = this.#addresses.address(id);
      if (last === undefined || compareAddresses(address, last) > 0) {
        const space = spaceAround(address);
        spaces.push(space);
        last = lastAddress(space);
        first = index;
      }
      const group = spaces.size - 1;
      groupOf[id] = group;
      memberOf[id] = index - first;
      ends[group] = index + 1;
    }
    return { ids, groupOf, memberOf, spaces, ends: ends.subarray(0, spaces.size) };
  }

  /** Counting sort: the rows by group, those of one group as they came, and where each ends. */
  #sortByGroup(calendar: Calendar, { groupOf, memberOf, spaces }: AddressGroups) {
    const ids = this.#addressIds;
    const ends = new Uint32Array(spaces.size);
    for (let row = 0; row < ids.length; row++) {
      const group = groupOf[ids.at(row)] ?? 0;
      ends[group] = (ends[group] ?? 0) + 1;
    }
    let start = 0;
    for (let group = 0; group < ends.length; group++) {
      const size = ends[group] ?? 0;
      ends[group] = start;
      start += size;
    }
    const rows = new OffenceRows(ids.length, this.#kindOf);
    const timeAt = (row: number) => this.#times.at(row);
    this.#setbacks.resolve(ids.length, timeAt, calendar, (at, row) => {
      const id = ids.at(row);
      const group = groupOf[id] ?? 0;
      const place = ends[group] ?? 0;
      ends[group] = place + 1;
      const [kindId, points] = [this.#kindIds.at(row), this.#points.at(row)];
      rows.set(place, Math.max(0, at), memberOf[id] ?? 0, kindId, points, this.#counts.at(row));
    });
    return { rows, ends };
  }
}
