import type { Offence, OffenceKind } from '../../blocklist/offence.ts';
import { type Address, compareAddresses } from '../../net/address.ts';
import { lastAddress, type Prefix } from '../../net/prefix.ts';
import { PrefixList } from '../../net/prefix-list.ts';
import { type CountedEvents, countEvents } from '../event-keys.ts';
import { type Calendar, Setbacks } from '../time/clock.ts';
import type { AddressTable } from './address-table.ts';
import { NumberColumn } from './number-column.ts';
import { OffenceRows } from './offence-rows.ts';
import { QuietEvents } from './quiet-events.ts';

/** The offences of the addresses in one prefix. */
export interface OffenceGroup {
  readonly space: Prefix;
  /** Can be iterated once. One object is reused: an offence is valid until the next. */
  readonly offences: Iterable<Offence>;
}

/** The addresses by group. */
interface AddressGroups {
  /** Sorted. */
  readonly ids: Uint32Array;
  /** By id of the address: its group, and its index in the group. */
  readonly groupOf: Uint32Array;
  readonly memberOf: Uint32Array;
  /** By group: its prefix, and the end of its addresses in `ids`. */
  readonly spaces: PrefixList;
  readonly ends: Uint32Array;
}

/** The default for unknown kinds. */
export const NO_KIND: OffenceKind = { service: '', message: '', log: '', host: '' };

/**
 * The offences of one log, 50 bytes each. The year is known only at the end of the log; until then,
 * addresses and kinds are ids.
 */
export class OffenceTable {
  readonly #addresses: AddressTable;
  readonly #kindOf: (id: number) => OffenceKind;
  readonly #times = new NumberColumn(Float64Array);
  readonly #addressIds = new NumberColumn(Uint32Array);
  readonly #kindIds = new NumberColumn(Uint32Array);
  readonly #points = new NumberColumn(Uint32Array);
  readonly #counts = new NumberColumn(Uint16Array);
  /** The port + 1; 0 if there is none. */
  readonly #ports = new NumberColumn(Uint32Array);
  readonly #users = new NumberColumn(Float64Array);
  readonly #keys = new NumberColumn(Float64Array);
  readonly #quiet = new QuietEvents();
  /** By offence: how many quiet events come before it. */
  readonly #quietBefore = new NumberColumn(Uint32Array);
  readonly #setbacks = new Setbacks();
  #removed = 0;

  constructor(addresses: AddressTable, kindOf: (id: number) => OffenceKind) {
    this.#addresses = addresses;
    this.#kindOf = kindOf;
  }

  /** The number of rows, including those that were removed. */
  get length(): number {
    return this.#times.length;
  }

  /** The number of offences. */
  get size(): number {
    return this.length - this.#removed;
  }

  /** Records the time of each line, before its offence is pushed if it has one. */
  note(time: number): void {
    this.#setbacks.note(time, this.#times.length);
  }

  /** A `port` of -1 is none, and so is a `user` of 0. See EventKeys for `key`. */
  push(
    time: number,
    addressId: number,
    kindId: number,
    points: number,
    count: number,
    port: number,
    user: number,
    key: number,
  ): void {
    this.#times.push(time);
    this.#addressIds.push(addressId);
    this.#kindIds.push(kindId);
    this.#points.push(points);
    this.#counts.push(count);
    this.#ports.push(port + 1);
    this.#users.push(user);
    this.#keys.push(key);
    this.#quietBefore.push(this.#quiet.length);
  }

  /** Removes the offence in this row. */
  remove(row: number): void {
    if (row >= this.length || this.#points.at(row) === 0) return;
    this.#points.set(row, 0);
    this.#removed++;
  }

  pushQuiet(time: number, key: number): void {
    this.#quiet.push(time, key);
  }

  clear(): void {
    this.#removed = 0;
    for (const column of [
      this.#times,
      this.#addressIds,
      this.#kindIds,
      this.#points,
      this.#counts,
      this.#ports,
      this.#users,
      this.#keys,
      this.#quietBefore,
    ]) {
      column.clear();
    }
    this.#quiet.clear();
    this.#setbacks.clear();
  }

  /**
   * The offences in groups, which are sorted by address; within a group they are in the order of the
   * log. `spaceAround` returns the prefix of a group from its first address, and must return the same
   * for all addresses in it. Reading group by group keeps memory accesses close together. Events
   * that were counted before are left out; the others are counted, in the order of the log.
   */
  *groups(
    calendar: Calendar,
    spaceAround: (address: Address) => Prefix,
    counted?: CountedEvents,
  ): Generator<OffenceGroup> {
    const addresses = this.#groupAddresses(spaceAround);
    const { rows, starts, ends } = this.#sortByGroup(calendar, addresses, counted);
    for (let group = 0, first = 0; group < ends.length; group++) {
      const [row, end, last] = [starts[group] ?? 0, ends[group] ?? 0, addresses.ends[group] ?? 0];
      if (end > row) {
        const members: Address[] = [];
        for (let index = first; index < last; index++) {
          members.push(this.#addresses.address(addresses.ids[index] ?? 0));
        }
        yield { space: addresses.spaces.at(group), offences: rows.between(row, end, members) };
      }
      first = last;
    }
  }

  #groupAddresses(spaceAround: (address: Address) => Prefix): AddressGroups {
    const ids = this.#addresses.sorted();
    const groupOf = new Uint32Array(ids.length);
    const memberOf = new Uint32Array(ids.length);
    const ends = new Uint32Array(ids.length);
    const spaces = new PrefixList();
    /** The last address of the latest prefix. */
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

  /**
   * Sorts the offences that are new by group (a counting sort, which is stable), and returns where
   * each group starts and ends.
   */
  #sortByGroup(
    calendar: Calendar,
    { groupOf, memberOf, spaces }: AddressGroups,
    counted: CountedEvents | undefined,
  ) {
    const ids = this.#addressIds;
    const starts = new Uint32Array(spaces.size);
    for (let row = 0; row < ids.length; row++) {
      if (this.#points.at(row) === 0) continue;
      const group = groupOf[ids.at(row)] ?? 0;
      starts[group] = (starts[group] ?? 0) + 1;
    }
    let start = 0;
    for (let group = 0; group < starts.length; group++) {
      const size = starts[group] ?? 0;
      starts[group] = start;
      start += size;
    }
    const ends = starts.slice();
    const rows = new OffenceRows(ids.length, this.#kindOf);
    const timeAt = (row: number) => this.#times.at(row);
    let quiet = counted?.from === undefined ? 0 : -1;
    this.#setbacks.resolve(ids.length, timeAt, calendar, (resolved, row) => {
      const at = Math.max(0, resolved);
      let [points, count] = [this.#points.at(row), this.#counts.at(row)];
      if (counted !== undefined && (counted.from === undefined || at >= counted.from)) {
        // Quiet events before the first that may have been counted are new too.
        if (quiet < 0) quiet = row === 0 ? 0 : this.#quietBefore.at(row - 1);
        const before = this.#quietBefore.at(row);
        this.#quiet.count(quiet, before, calendar, counted);
        quiet = before;
        const events = countEvents(counted, at, this.#keys.at(row), count);
        if (events === 0) return;
        points = Math.ceil((points * events) / count);
        count = events;
      }
      if (points === 0) return;
      const id = ids.at(row);
      const group = groupOf[id] ?? 0;
      const sorted = ends[group] ?? 0;
      ends[group] = sorted + 1;
      const port = this.#ports.at(row) - 1;
      const kindId = this.#kindIds.at(row);
      const user = this.#users.at(row);
      rows.set(sorted, at, memberOf[id] ?? 0, kindId, points, count, port, user);
    });
    if (counted !== undefined) {
      const rest = quiet < 0 ? this.#quietBefore.at(ids.length - 1) : quiet;
      this.#quiet.count(rest, this.#quiet.length, calendar, counted);
    }
    return { rows, starts, ends };
  }
}
