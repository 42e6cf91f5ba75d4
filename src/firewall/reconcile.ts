import { isRuleTooWide } from '../blocklist/rules.ts';
import { McblockError } from '../errors.ts';
import type { Prefix } from '../net/prefix.ts';
import { PrefixList } from '../net/prefix-list.ts';
import { formatPrefix } from '../net/prefix-text.ts';
import { subtract } from '../net/subtract.ts';
import { WIDEST } from '../net/wide.ts';
import { type Difference, differenceOf } from './difference.ts';
import type { Firewall } from './firewall.ts';

export interface ReconcileOptions {
  /** Only report what would change. */
  readonly dryRun?: boolean | undefined;
  /** Allow emptying a large table, and very wide rules. */
  readonly force?: boolean | undefined;
  /** What a person blocked: rules for it may be very wide. */
  readonly confirmed?: () => PrefixList;
}

/** What changed, or would change. */
export interface Reconciled extends Difference {
  /** Number of rules the firewall now holds, or would hold. */
  readonly rules: number;
  /** The table did not exist or was not in our form, and was created anew. */
  readonly whole: boolean;
}

/** Emptying a larger table is rarely intended: it takes `force`. */
export const MAX_EMPTIED = 1000;
/** Other programs may change the table, or another mcblock the store, at the same time. */
const ATTEMPTS = 3;

/**
 * Makes the firewall hold the rules: reads what it holds, changes the difference only, and reads
 * again until there is none. `rules` is called anew each time, so that the last of several processes
 * leaves what the store holds by then. Without `force`, rules that are too wide are left out, but for
 * what the firewall holds of them, and then an McblockError('protected') is thrown.
 */
export async function reconcile(
  firewall: Firewall,
  rules: () => PrefixList | Promise<PrefixList>,
  { dryRun = false, force = false, confirmed }: ReconcileOptions,
): Promise<Reconciled> {
  let first: Reconciled | undefined;
  let asked: Difference | undefined;
  let wanted: PrefixList;
  let failure: unknown;
  let wide: Prefix | undefined;
  for (let attempt = 0; ; attempt++) {
    // In parallel: one is work for another process, the other for this one.
    const [present, early] = await Promise.all([firewall.read(), Promise.resolve().then(rules)]);
    // Each of these steps holds the process for milliseconds where there are many rules.
    await new Promise(setImmediate);
    const whole = present === undefined;
    const held = present ?? new PrefixList();
    wanted = early;
    let change = differenceOf(held, wanted);
    if (change.removed.size > 0) {
      // Another process may have added it since the rules were computed; it stored it before.
      wanted = await rules();
      change = differenceOf(held, wanted);
    }
    const tooWide = force || dryRun ? new PrefixList() : tooWideOf(change.added, confirmed);
    [wide] = tooWide;
    if (wide !== undefined) {
      wanted = without(wanted, tooWide, held);
      change = differenceOf(held, wanted);
    }
    first ??= { ...change, rules: wanted.size, whole };
    if (!whole && change.added.size === 0 && change.removed.size === 0) break;
    const isLast = attempt === ATTEMPTS;
    if (isLast && (failure !== undefined || asked === undefined || isLeft(asked, change))) {
      throw failure ?? notTaken(firewall, change);
    }
    if (!force && !dryRun) refuseToEmpty(firewall, held.size, wanted);
    if (dryRun) return first;
    try {
      await firewall.change({ ...change, wanted, whole });
      failure = undefined;
      // Rules that come all the time are no fault of the firewall.
      if (isLast) break;
      asked = change;
    } catch (error) {
      // Another process may have been quicker; the next attempt shows it.
      if (!(error instanceof McblockError) || failure !== undefined) throw error;
      failure = error;
    }
  }
  if (!dryRun) await firewall.finish?.(wanted, force);
  if (wide !== undefined) throw leftOut(firewall, wide);
  return first;
}

function refuseToEmpty(firewall: Firewall, held: number, wanted: PrefixList): void {
  if (held > MAX_EMPTIED && wanted.size === 0) {
    throw new McblockError(
      'protected',
      `${firewall.name} holds ${held} rules and would be emptied; use apply --force`,
    );
  }
}

/** The rules that are too wide without --force. */
function tooWideOf(added: PrefixList, confirmed: ReconcileOptions['confirmed']): PrefixList {
  if (widestOf(added) === undefined) return new PrefixList();
  const known = confirmed?.();
  return PrefixList.from(Array.from(added).filter((rule) => isRuleTooWide(rule, known)));
}

/** The first rule that is too wide without --force, whoever blocked it. */
export function widestOf(added: PrefixList): Prefix | undefined {
  for (const prefix of added) if (isRuleTooWide(prefix)) return prefix;
  return undefined;
}

/** The rules without these, but with what the firewall holds of them. */
function without(rules: PrefixList, tooWide: PrefixList, held: PrefixList): PrefixList {
  return subtract(rules, subtract(tooWide, held));
}

function leftOut({ name }: Firewall, wide: Prefix): McblockError {
  const widest = WIDEST[wide.family];
  return new McblockError(
    'protected',
    `rule ${formatPrefix(wide)} was left out of ${name}: it is wider than /${widest}; use apply --force`,
  );
}

/** Whether something is to be changed that was to be changed before. */
function isLeft(before: Difference, { added, removed }: Difference): boolean {
  return haveCommon(before.added, added) || haveCommon(before.removed, removed);
}

function haveCommon(list: PrefixList, other: PrefixList): boolean {
  const texts = new Set(Array.from(list, formatPrefix));
  return Array.from(other, formatPrefix).some((text) => texts.has(text));
}

function notTaken({ name }: Firewall, { added, removed }: Difference): McblockError {
  return new McblockError(
    'program',
    `${name}: ${added.size} rules missing and ${removed.size} unexpected after the change; another program may be changing it`,
  );
}
