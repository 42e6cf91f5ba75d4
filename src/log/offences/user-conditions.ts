import { textOf } from '../bytes.ts';
import { patternOf } from '../follow/matching-files.ts';
import type { Line } from '../line.ts';

/** A condition on the user that a line names. */
export type UserCondition =
  /** The name is one of these, in which * is any text. */
  | { readonly patterns: readonly string[] }
  /** The user is known, or is not. @property names more that are known */
  | { readonly isKnown: boolean; readonly names: readonly string[] };

/** Users that have an account on this host, or logged in before. */
export interface KnownUsers {
  readonly names: ReadonlySet<string>;
  /** Their hashes; logins that are read are added. */
  readonly hashes: Set<number>;
}

export interface UserOptions {
  /** At most MAX_USER_CONDITIONS. */
  readonly conditions: readonly UserCondition[];
  readonly known: KnownUsers;
}

const NO_CONDITIONS: UserOptions = {
  conditions: [],
  known: { names: new Set(), hashes: new Set() },
};

/** As many as there are bits in a mask that leaves room for hosts and messages in one number. */
export const MAX_USER_CONDITIONS = 12;
/** The number of different masks. */
export const USER_MASKS = 2 ** MAX_USER_CONDITIONS;
const MAX_MASKS = 65_536;
const MAX_NAME_BYTES = 256;

/** Which conditions the users of lines meet. */
export class UserConditions {
  readonly #conditions: readonly ((name: string, isKnown: boolean) => boolean)[];
  readonly #known: KnownUsers;
  readonly #asksKnown: boolean;
  /** By the hash of the user, of those that are known and others: what another log says changes that. */
  readonly #masks = { known: new Map<number, number>(), unknown: new Map<number, number>() };

  /** By default there are none. */
  constructor({ conditions, known }: UserOptions = NO_CONDITIONS) {
    this.#conditions = conditions.map(conditionOf);
    this.#known = known;
    this.#asksKnown = conditions.some((condition) => 'isKnown' in condition);
  }

  /** A bit for each condition that the user of a line meets. @param hash of the user; 0: none */
  maskOf(line: Line, hash: number): number {
    if (hash === 0 || this.#conditions.length === 0) return 0;
    const isKnown = this.#asksKnown && this.#known.hashes.has(hash);
    const masks = isKnown ? this.#masks.known : this.#masks.unknown;
    const mask = masks.get(hash);
    if (mask !== undefined) return mask;
    // The bytes of a line that is repeated are gone, but its user was the last.
    if (line.repeatsLast) return 0;
    if (masks.size === MAX_MASKS) masks.clear();
    const computed = this.#compute(line, hash);
    masks.set(hash, computed);
    return computed;
  }

  /** The user logged in. */
  accept(hash: number): void {
    if (hash !== 0 && this.#conditions.length > 0) this.#known.hashes.add(hash);
  }

  #compute({ bytes, reading }: Line, hash: number): number {
    const end = Math.min(reading.userEnd, reading.userStart + MAX_NAME_BYTES);
    const name = textOf(bytes, reading.userStart, end);
    const isKnown = this.#known.names.has(name) || this.#known.hashes.has(hash);
    return this.#conditions.reduce(
      (mask, condition, bit) => (condition(name, isKnown) ? mask | (1 << bit) : mask),
      0,
    );
  }
}

function conditionOf(condition: UserCondition): (name: string, isKnown: boolean) => boolean {
  if ('patterns' in condition) {
    const patterns = condition.patterns.map(patternOf);
    return (name) => patterns.some((matches) => matches(name));
  }
  const { isKnown: wanted, names } = condition;
  return (name, isKnown) => wanted === (isKnown || names.includes(name));
}
