import type { Offence, OffenceKind } from '../../blocklist/offence.ts';
import { type Address, compareAddresses } from '../../net/address.ts';
import { lastAddress, type Prefix } from '../../net/prefix.ts';
import { PrefixList } from '../../net/prefix-list.ts';
import { type CountedEvents, countEvents } from '../event-keys.ts';
import { type Calendar, Setbacks } from '../time/clock.ts';
import type { AddressTable } from './address-table.ts';
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

/**
 * The offences of one log. The year is known only at the end of the log; until then, addresses and
 * kinds are ids.
 */
export class OffenceTable {
  readonly #addresses: AddressTable;
  readonly #rows: OffenceRows;
  readonly #quiet = new QuietEvents();
  readonly #setbacks = new Setbacks();
  #removed = 0;

  constructor(addresses: AddressTable, kindOf: (id: number) => OffenceKind) {
    this.#addresses = addresses;
    this.#rows = new OffenceRows(kindOf);
  }

  /** The number of rows, including those that were removed. */
  get length(): number {
    return this.#rows.length;
  }

  /** The number of offences. */
  get size(): number {
    return this.length - this.#removed;
  }

  /** Records the time of each line, before its offence is pushed if it has one. */
  note(time: number): void {
    this.#setbacks.note(time, this.#rows.length);
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
    this.#rows.push(time, addressId, kindId, points, count, port, user, key);
  }

  /** Removes the offence in this row. */
  remove(row: number): void {
    if (row >= this.length || this.#rows.pointsAt(row) === 0) return;
    this.#rows.setPoints(row, 0);
    this.#removed++;
  }

  pushQuiet(time: number, count: number, key: number): void {
    this.#quiet.push(time, count, key, this.#rows.length);
  }

  clear(): void {
    this.#removed = 0;
    this.#rows.clear();
    this.#quiet.clear();
    this.#setbacks.clear();
  }

  /**
   * The offences in groups, which are sorted by address; within a group they are in the order of the
   * log. `spaceAround` returns the prefix of a group from its first address, and must return the same
   * for all addresses in it. Reading group by group keeps memory accesses close together. Events
   * that were counted before are left out; the others are counted, in the order of the log. To be
   * called once, at the end of the log.
   */
  *groups(
    calendar: Calendar,
    spaceAround: (address: Address) => Prefix,
    counted?: CountedEvents,
  ): Generator<OffenceGroup> {
    const addresses = this.#groupAddresses(spaceAround);
    const { order, starts, ends } = this.#sortByGroup(calendar, addresses, counted);
    for (let group = 0, first = 0; group < ends.length; group++) {
      const [start, end, last] = [starts[group] ?? 0, ends[group] ?? 0, addresses.ends[group] ?? 0];
      if (end > start) {
        const members: Address[] = [];
        for (let index = first; index < last; index++) {
          members.push(this.#addresses.address(addresses.ids[index] ?? 0));
        }
        const rows = order.subarray(start, end);
        const offences = this.#rows.inOrder(rows, addresses.memberOf, members);
        yield { space: addresses.spaces.at(group), offences };
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
   * Resolves the offences and sorts the rows of those that are new by group (a counting sort, which is
   * stable). Returns the rows in order, and where each group starts and ends.
   */
  #sortByGroup(
    calendar: Calendar,
    { groupOf, spaces }: AddressGroups,
    counted: CountedEvents | undefined,
  ) {
    const rows = this.#rows;
    const { length } = rows;
    const starts = new Uint32Array(spaces.size);
    for (let row = 0; row < length; row++) {
      if (rows.pointsAt(row) === 0) continue;
      const group = groupOf[rows.addressIdAt(row)] ?? 0;
      starts[group] = (starts[group] ?? 0) + 1;
    }
    let start = 0;
    for (let group = 0; group < starts.length; group++) {
      const size = starts[group] ?? 0;
      starts[group] = start;
      start += size;
    }
    const ends = starts.slice();
    const order = new Uint32Array(length);
    const timeAt = (row: number) => rows.timeAt(row);
    let quiet = counted?.from === undefined ? 0 : -1;
    this.#setbacks.resolve(length, timeAt, calendar, (resolved, row) => {
      const at = Math.max(0, resolved);
      let [points, count] = [rows.pointsAt(row), rows.countAt(row)];
      if (counted !== undefined && (counted.from === undefined || at >= counted.from)) {
        // Quiet events before the first that may have been counted are new too.
        if (quiet < 0) quiet = this.#quiet.indexAfter(row - 1, 0);
        const next = this.#quiet.indexAfter(row, quiet);
        this.#quiet.count(quiet, next, calendar, counted);
        quiet = next;
        const events = countEvents(counted, at, rows.keyAt(row), count);
        if (events === 0) return;
        points = Math.ceil((points * events) / count);
        count = events;
      }
      if (points === 0) return;
      const group = groupOf[rows.addressIdAt(row)] ?? 0;
      const sorted = ends[group] ?? 0;
      ends[group] = sorted + 1;
      order[sorted] = row;
      rows.resolve(row, at, points, count);
    });
    if (counted !== undefined) {
      const rest = quiet < 0 ? this.#quiet.indexAfter(length - 1, 0) : quiet;
      this.#quiet.count(rest, this.#quiet.length, calendar, counted);
    }
    return { order, starts, ends };
  }
}
