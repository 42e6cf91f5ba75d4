import type { Address } from '../net/address.ts';
import { comparePrefixes, contains, covers, type Prefix, prefixAround } from '../net/prefix.ts';
import type { Entry, Seconds } from './entry.ts';
import type { Memory } from './memory.ts';
import type { Offence } from './offence.ts';
import { OpenEntry } from './open-entry.ts';
import type { Policy } from './policy.ts';
import { isTrusted, type Login, loginProtections, type ProtectedSpace } from './protect.ts';
import type { Protection } from './request.ts';
import { Window } from './window.ts';
import type { Witness } from './witness.ts';

/** An automatic prefix in which somebody offended. */
export interface Place {
  readonly prefix: Prefix;
  /** The whole of it or, where something in it is protected, what offended beside that. */
  parts: Part[];
  /** The part that is the whole of it, once there is one. */
  whole: Part | undefined;
  /** The logins in it, and whether nothing in it is protected; undefined until asked for. */
  logins: readonly Login[] | undefined;
  clear: boolean;
  /** What is protected while so many of its logins are trusted; undefined until asked for. */
  space: ProtectedSpace | undefined;
  trusted: number;
}

/** What one request asks for. */
export interface Part {
  readonly prefix: Prefix;
  /** The entries that cover it, the widest first; undefined until asked for. */
  covering: OpenEntry[] | undefined;
  readonly window: Window;
}

/** The places where somebody offended, with what the memory says of them. */
export class Places {
  readonly #memory: Memory;
  readonly #space: ProtectedSpace;
  readonly #policy: Policy;
  readonly #witness: Witness;
  // A map that is emptied still holds in V8 what was in it, and so does each after it, until all
  // memory is looked through; so each time begins with new ones.
  #places = new Map<number | string, Place>();
  #open = new Map<number | string, OpenEntry>();
  /** The place that was asked for last, and for whom: whoever offends mostly goes on. */
  #last: Place | undefined;
  #lastAddress: Address | undefined;

  constructor(memory: Memory, space: ProtectedSpace, policy: Policy, witness: Witness) {
    this.#memory = memory;
    this.#space = space;
    this.#policy = policy;
    this.#witness = witness;
  }

  at(address: Address): Place {
    if (
      this.#last === undefined ||
      (this.#lastAddress !== address && !contains(this.#last.prefix, address))
    ) {
      this.#last = this.#find(address);
    }
    this.#lastAddress = address;
    return this.#last;
  }

  #find(address: Address): Place {
    const { length4, length6 } = this.#policy.auto;
    const length = address.family === 4 ? length4 : length6;
    const prefix = prefixAround(address, length);
    const key = keyOf(prefix);
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const place: Place = {
      prefix,
      parts: [],
      whole: undefined,
      logins: undefined,
      clear: false,
      space: undefined,
      trusted: 0,
    };
    this.#places.set(key, place);
    return place;
  }

  /** The part of the place around the offender; where the offender is protected, by what. */
  part(place: Place, offender: Address, at: Seconds): Part | Protection {
    if (place.logins === undefined) {
      place.logins = this.#memory.loginsWithin(place.prefix);
      place.clear =
        place.logins.length === 0 && this.#space.overlapping(place.prefix) === undefined;
    }
    if (place.clear) {
      // Parts that are left from when something in the place was protected are longer matches.
      place.whole ??= partOf(place, place.prefix);
      return place.whole;
    }
    const prefix = this.spaceOf(place, at).narrow(offender, place.prefix.length);
    if ('reason' in prefix) return prefix;
    return partOf(place, prefix);
  }

  /** What is protected at the time, with the logins in this place. */
  spaceOf(place: Place, at: Seconds): ProtectedSpace {
    const { logins = NO_LOGINS } = place;
    if (logins.length === 0) return this.#space;
    // Which logins are trusted depends on the time alone, so that as many are the same ones.
    let trusted = 0;
    for (const login of logins) if (isTrusted(login, at, this.#policy)) trusted++;
    if (place.space === undefined || place.trusted !== trusted) {
      place.space = this.#space.plus(loginProtections(logins, at, this.#policy));
      place.trusted = trusted;
    }
    return place.space;
  }

  /** The entries that cover the part, the widest first. */
  covering(part: Part): readonly OpenEntry[] {
    part.covering ??= this.#opened(this.#memory.covering(part.prefix));
    return part.covering;
  }

  /** These entries, open, the widest first. */
  #opened(entries: readonly Entry[]): OpenEntry[] {
    const covering: OpenEntry[] = [];
    for (const entry of entries) {
      const key = keyOf(entry.prefix);
      let open = this.#open.get(key);
      if (open === undefined) {
        open = new OpenEntry(entry, this.#memory, this.#policy, this.#witness);
        this.#open.set(key, open);
      }
      covering.push(open);
    }
    return covering.length > 1 ? covering.toSorted(byWidth) : covering;
  }

  /** An entry is new in the place; it covers none of any other, which are beside it. */
  add(place: Place, open: OpenEntry): void {
    const { prefix } = open.entry;
    this.#open.set(keyOf(prefix), open);
    for (const part of place.parts) {
      if (part.covering === undefined || !covers(prefix, part.prefix)) continue;
      part.covering.push(open);
      if (part.covering.length > 1) part.covering.sort(byWidth);
    }
  }

  /** What is in the windows once all is settled; nothing is left in them. */
  takePending(): readonly Offence[] {
    if (this.#places.size === 0) return NOTHING;
    const pending: Offence[] = [];
    for (const place of this.#places.values()) {
      for (const { window } of place.parts) {
        for (const moment of window.moments) pending.push(moment);
      }
    }
    this.#places = new Map();
    return pending;
  }

  /**
   * Carries out what was gathered and forgets what the memory said. Windows that are over at this
   * time are dropped, and the places without one.
   */
  settle(windowsOverAt: Seconds): void {
    if (this.#open.size > 0) {
      for (const open of this.#open.values()) open.carryOut();
      this.#open = new Map();
    }
    this.#last = undefined;
    this.#lastAddress = undefined;
    const places = new Map<number | string, Place>();
    for (const [key, place] of this.#places) {
      const live: Part[] = [];
      for (const part of place.parts) {
        const { latestAt = windowsOverAt } = part.window;
        if (latestAt > windowsOverAt) live.push(part);
        part.covering = undefined;
      }
      place.parts = live;
      if (live.length > 0) places.set(key, place);
      place.whole = undefined;
      place.logins = undefined;
      place.space = undefined;
    }
    this.#places = places;
  }
}

const NO_LOGINS: readonly Login[] = [];
const NOTHING: readonly Offence[] = [];

/** The part of the place with this prefix, new if there is none. */
function partOf(place: Place, prefix: Prefix): Part {
  for (const known of place.parts) {
    if (comparePrefixes(known.prefix, prefix) === 0) return known;
  }
  const part = { prefix, covering: undefined, window: new Window() };
  place.parts.push(part);
  return part;
}

function byWidth(p: OpenEntry, q: OpenEntry): number {
  return p.entry.prefix.length - q.entry.prefix.length;
}

/** A number wherever there can be one, as it is made and found sooner than a text. */
function keyOf({ family, a, b, c, d, length }: Prefix): number | string {
  return family === 4 ? a * 64 + length : `${a}:${b}:${c}:${d}/${length}`;
}
