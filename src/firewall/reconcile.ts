import { McblockError } from '../errors.ts';
import type { Prefix } from '../net/prefix.ts';
import { PrefixList } from '../net/prefix-list.ts';
import { formatPrefix } from '../net/prefix-text.ts';
import { isTooWide, WIDEST } from '../net/wide.ts';
import { type Difference, differenceOf } from './difference.ts';
import type { Firewall } from './firewall.ts';

export interface ReconcileOptions {
  /** Only say what would be changed. */
  readonly dryRun?: boolean | undefined;
  /** Empty a table that held many rules, and put in rules that are very wide. */
  readonly force?: boolean | undefined;
}

/** What was changed, or would be. */
export interface Reconciled extends Difference {
  /** How many rules are wanted. */
  readonly rules: number;
  /** What was there was nothing, or not as we write it: so all of it is new. */
  readonly whole: boolean;
}

/** To empty a larger table is seldom meant. */
const MAX_EMPTIED = 1000;
/** Another program may change the table, or another mcblock the store, at the same time. */
const ATTEMPTS = 3;

/**
 * Makes the firewall hold the rules: reads what it holds, changes the difference alone, and reads
 * again, until there is none. `rules` is asked anew each time, so that of several that do this at
 * once the last one leaves what the store says then.
 */
export async function reconcile(
  firewall: Firewall,
  rules: () => PrefixList,
  { dryRun = false, force = false }: ReconcileOptions,
): Promise<Reconciled> {
  let first: Reconciled | undefined;
  let failure: unknown;
  for (let attempt = 0; ; attempt++) {
    // At the same time: the one is work for another process, the other for this one.
    const [held, early] = await Promise.all([firewall.read(), Promise.resolve().then(rules)]);
    let wanted = early;
    let change = differenceOf(held ?? new PrefixList(), wanted);
    if (change.removed.size > 0) {
      // Somebody may have put it in since the rules were asked for; he stored it before that.
      wanted = rules();
      change = differenceOf(held ?? new PrefixList(), wanted);
    }
    const whole = held === undefined;
    first ??= { ...change, rules: wanted.size, whole };
    if (!whole && change.added.size === 0 && change.removed.size === 0) break;
    if (attempt === ATTEMPTS) throw failure ?? notTaken(firewall, change);
    if (!force && !dryRun) refuse(firewall, held?.size ?? 0, wanted, change);
    if (dryRun) return first;
    try {
      await firewall.change({ ...change, wanted, whole });
      failure = undefined;
    } catch (error) {
      // Perhaps only because somebody else was quicker; then the next attempt shows it.
      if (!(error instanceof McblockError) || failure !== undefined) throw error;
      failure = error;
    }
  }
  if (!dryRun) await firewall.finish?.();
  return first;
}

function refuse(firewall: Firewall, held: number, wanted: PrefixList, { added }: Difference): void {
  if (held > MAX_EMPTIED && wanted.size === 0) {
    throw new McblockError(
      'protected',
      `${firewall.name} holds ${held} rules and would be left with none; apply --force empties it`,
    );
  }
  const wide = widestOf(added);
  if (wide === undefined) return;
  throw new McblockError(
    'protected',
    `the rule ${formatPrefix(wide)} is wider than /${WIDEST[wide.family]}; apply --force puts it into ${firewall.name} all the same`,
  );
}

/** The first rule that is wider than may be put in without --force. */
export function widestOf(added: PrefixList): Prefix | undefined {
  for (const prefix of added) if (isTooWide(prefix)) return prefix;
  return undefined;
}

function notTaken({ name }: Firewall, { added, removed }: Difference): McblockError {
  return new McblockError(
    'program',
    `${name} does not hold what was put into it: ${added.size} rules are missing, ${removed.size} are too many; does another program change it too?`,
  );
}
