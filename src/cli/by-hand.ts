import type { Command } from 'commander';
import type { Expiry, Maker, Origin, Seconds } from '../blocklist/entry.ts';
import type { Decision } from '../blocklist/request.ts';
import type { Policies } from '../engine/policies.ts';
import { type KnownBan, ManualBlocker } from '../engine/record/manual-blocker.ts';
import { McblockError } from '../errors.ts';
import type { Prefix } from '../net/prefix.ts';
import { formatPrefix, shortPrefix } from '../net/prefix-text.ts';
import { isTooWide, WIDEST } from '../net/wide.ts';
import type { Store } from '../store/store.ts';
import type { PresentTime } from './present-time.ts';
import { sessionProtections } from './ssh-session.ts';
import { parseDuration } from './text/duration.ts';
import { protectionText } from './text/protection-text.ts';
import { parseTime } from './text/time.ts';

/** The options that `add` and `import` have in common. */
export interface HandOptions {
  readonly for?: string;
  readonly until?: string;
  readonly forever?: true;
  readonly exact?: true;
  readonly note?: string;
  readonly force?: true;
}

export type HandDecision = Exclude<Decision, { kind: 'refused' }>;

export function addHandOptions(command: Command): Command {
  return command
    .option('--for <time>', 'block for this long: 12h, 90d, 2w, 1y')
    .option('--until <time>', 'block until then: 2026-12-31, 2026-12-31T18:00Z')
    .option('--forever', 'block until expired by hand')
    .option('--exact', 'block exactly this prefix, regardless of wider and narrower entries')
    .option('--note <text>', 'reason, kept with the entry')
    .option('--force', 'allow protected and very wide prefixes, and more than limits.share');
}

/** When blocks with these options expire; undefined: by the penalty. */
export function expiryOf(options: HandOptions, now: Seconds): Expiry | undefined {
  const ways = [options.for, options.until, options.forever].filter((way) => way !== undefined);
  if (ways.length > 1)
    throw new McblockError('usage', 'use only one of --for, --until and --forever');
  if (options.forever) return 'forever';
  if (options.for !== undefined) return now + parseDuration(options.for, '--for');
  if (options.until === undefined) return undefined;
  const until = parseTime(options.until, '--until');
  if (until <= now) throw new McblockError('usage', `--until ${options.until} is in the past`);
  return until;
}

/** Throws if the prefix is so wide that it is unlikely to be meant. */
export function refuseTooWide(prefix: Prefix, { force }: HandOptions): void {
  if (prefix.length === 0) {
    throw new McblockError(
      'usage',
      `${formatPrefix(prefix)} covers all addresses and cannot be blocked`,
    );
  }
  const widest = WIDEST[prefix.family];
  if (isTooWide(prefix) && !force) {
    throw new McblockError(
      'protected',
      `${formatPrefix(prefix)} is wider than /${widest}; use --force to block it`,
    );
  }
}

/**
 * Blocks a prefix as these options say, inside one transaction that the caller began. Throws
 * McblockError('protected') if the prefix overlaps protected space.
 * @param maker by default this machine
 */
export function handBlocker(
  store: Store,
  policies: Policies,
  origin: Origin,
  options: HandOptions,
  { now, certain }: Pick<PresentTime, 'now' | 'certain'>,
  env: NodeJS.ProcessEnv,
  maker?: Maker,
): (prefix: Prefix, known?: KnownBan, isAlone?: boolean) => HandDecision {
  const { exact, force, note } = options;
  const blocker = new ManualBlocker(store, policies, {
    origin,
    now,
    certain,
    until: expiryOf(options, now),
    exact,
    force,
    note,
    maker,
    protections: sessionProtections(env),
  });
  return (prefix, known, isAlone) => {
    const decision = blocker.block(prefix, known, isAlone);
    if (decision.kind !== 'refused') return decision;
    throw new McblockError(
      'protected',
      `${shortPrefix(prefix)} overlaps ${protectionText(decision.protection)}; use --force to block it`,
    );
  };
}
