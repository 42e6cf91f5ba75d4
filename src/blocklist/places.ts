import type { Address } from '../net/address.ts';
import { comparePrefixes, contains, covers, type Prefix, prefixAround } from '../net/prefix.ts';
import type { Seconds } from './entry.ts';
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
  readonly #places = new Map<number | string, Place>();
  readonly #open = new Map<string, OpenEntry>();
  /** The place that was asked for last: whoever offends mostly goes on. */
  #last: Place | undefined;

  constructor(memory: Memory, space: ProtectedSpace, policy: Policy, witness: Witness) {
    this.#memory = memory;
    this.#space = space;
    this.#policy = policy;
    this.#witness = witness;
  }

  at(address: Address): Place {
    if (this.#last === undefined || !contains(this.#last.prefix, address)) {
      this.#last = this.#find(address);
    }
    return this.#last;
  }

  #find(address: Address): Place {
    const { length4, length6 } = this.#policy.auto;
    const length = address.family === 4 ? length4 : length6;
    const key =
      address.family === 4
        ? leadingBits(address.a, length)
        : keyOf(prefixAround(address, length), length);
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const prefix = prefixAround(address, length);
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
    part.covering ??= this.#memory
      .covering(part.prefix)
      .toSorted((p, q) => p.prefix.length - q.prefix.length)
      .map((entry) => {
        const key = keyOf(entry.prefix, entry.prefix.length);
        const open =
          this.#open.get(key) ?? new OpenEntry(entry, this.#memory, this.#policy, this.#witness);
        this.#open.set(key, open);
        return open;
      });
    return part.covering;
  }

  /** An entry is new in the place; it covers none of any other, which are beside it. */
  add(place: Place, open: OpenEntry): void {
    const { prefix } = open.entry;
    this.#open.set(keyOf(prefix, prefix.length), open);
    for (const part of place.parts) {
      if (part.covering === undefined || !covers(prefix, part.prefix)) continue;
      part.covering.push(open);
      part.covering.sort((p, q) => p.entry.prefix.length - q.entry.prefix.length);
    }
  }

  /** What is in the windows. */
  *pending(): Generator<Offence> {
    for (const place of this.#places.values()) {
      for (const { window } of place.parts) yield* window.moments;
    }
  }

  /**
   * Carries out what was gathered and forgets what the memory said. Windows that are over at this
   * time are dropped, and the places without one.
   */
  settle(windowsOverAt: Seconds): void {
    for (const open of this.#open.values()) open.carryOut();
    this.#open.clear();
    this.#last = undefined;
    for (const [key, place] of this.#places) {
      place.parts = place.parts.filter(
        ({ window }) => (window.latestAt ?? windowsOverAt) > windowsOverAt,
      );
      if (place.parts.length === 0) this.#places.delete(key);
      for (const part of place.parts) part.covering = undefined;
      place.whole = undefined;
      place.logins = undefined;
      place.space = undefined;
    }
  }
}

const NO_LOGINS: readonly Login[] = [];

/** The part of the place with this prefix, new if there is none. */
function partOf(place: Place, prefix: Prefix): Part {
  const known = place.parts.find((part) => comparePrefixes(part.prefix, prefix) === 0);
  if (known !== undefined) return known;
  const part = { prefix, covering: undefined, window: new Window() };
  place.parts.push(part);
  return part;
}

/** A small integer wherever there can be one, as no key is faster. */
function leadingBits(word: number, length: number): number {
  return length === 0 ? 0 : word >>> (32 - length);
}

function keyOf({ family, a, b, c, d }: Address, length: number): string {
  return `${family}:${length}:${a}:${b}:${c}:${d}`;
}
