import type { Command } from 'commander';
import { decide } from '../../blocklist/decide.ts';
import type { Expiry, Origin, Seconds } from '../../blocklist/entry.ts';
import { changeOf } from '../../blocklist/entry-change.ts';
import { loginProtections, type ProtectedSpace } from '../../blocklist/protect.ts';
import type { Decision } from '../../blocklist/request.ts';
import type { Context } from '../../cli/context.ts';
import { sessionProtections } from '../../cli/ssh-session.ts';
import { parseDuration } from '../../cli/text/duration.ts';
import { protectionText } from '../../cli/text/protection-text.ts';
import { parseTime } from '../../cli/text/time.ts';
import { McblockError } from '../../errors.ts';
import type { Prefix } from '../../net/prefix.ts';
import { formatPrefix, shortPrefix } from '../../net/prefix-text.ts';
import { isTooWide, WIDEST } from '../../net/wide.ts';
import type { Store } from '../../store/store.ts';
import type { Policies } from '../policies.ts';
import { protectedSpace } from '../protected-space.ts';

/** What a person can say about a block; the same for `add` and `import`. */
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
    .option('--for <time>', 'how long: 12h, 90d, 2w, 1y')
    .option('--until <time>', 'until when: 2026-12-31 or 2026-12-31T18:00Z')
    .option('--forever', 'until it is expired by hand')
    .option('--exact', 'this prefix, even where a wider expired entry would come back')
    .option('--note <text>', 'why')
    .option('--force', 'even what is protected or very wide');
}

/** When blocks with these options end; undefined leaves it to the penalty. */
export function endOf(options: HandOptions, now: Seconds): Expiry | undefined {
  const ways = [options.for, options.until, options.forever].filter((way) => way !== undefined);
  if (ways.length > 1) throw new McblockError('usage', 'give one of --for, --until and --forever');
  if (options.forever) return 'forever';
  if (options.for !== undefined) return now + parseDuration(options.for, '--for');
  if (options.until === undefined) return undefined;
  const until = parseTime(options.until, '--until');
  if (until <= now) throw new McblockError('usage', `--until ${options.until} is already past`);
  return until;
}

/** Throws where the prefix is so wide that it is hardly meant. */
export function refuseTooWide(prefix: Prefix, { force }: HandOptions): void {
  if (prefix.length === 0) {
    throw new McblockError(
      'usage',
      `${formatPrefix(prefix)} is every address there is; it is never blocked`,
    );
  }
  const widest = WIDEST[prefix.family];
  if (isTooWide(prefix) && !force) {
    throw new McblockError(
      'protected',
      `${formatPrefix(prefix)} is wider than /${widest}; --force blocks it all the same`,
    );
  }
}

/** Blocks prefixes by hand, inside one transaction that the caller began. */
export class HandBlocker {
  readonly #store: Store;
  readonly #space: ProtectedSpace;
  readonly #policies: Policies;
  readonly #origin: Origin;
  readonly #options: HandOptions;
  readonly #now: Seconds;
  readonly #until: Expiry | undefined;

  constructor(
    store: Store,
    policies: Policies,
    origin: Origin,
    options: HandOptions,
    { now, env }: Pick<Context, 'now' | 'env'>,
  ) {
    this.#store = store;
    this.#space = protectedSpace(store).plus(sessionProtections(env));
    this.#policies = policies;
    this.#origin = origin;
    this.#options = options;
    this.#now = now;
    this.#until = endOf(options, now);
  }

  /** Throws McblockError 'protected' where the prefix overlaps what is protected. */
  block(prefix: Prefix): HandDecision {
    const { exact = false, force = false, note = '' } = this.#options;
    const request = {
      kind: 'manual',
      origin: this.#origin,
      prefix,
      at: this.#now,
      until: this.#until,
      exact,
      force,
      note,
    } as const;
    const policy = this.#policies.policyFor(prefix);
    const supernets = this.#store.supernets(prefix);
    // Who logged in does not stop a hand, but keeps a wider entry from coming back over him.
    const logins = this.#store.loginsWithin(supernets[0]?.prefix ?? prefix, 0);
    const space = this.#space.plus(loginProtections(logins, this.#now, policy));
    const decision = decide(supernets, space, request, policy, this.#now);
    if (decision.kind === 'refused') {
      throw new McblockError(
        'protected',
        `${shortPrefix(prefix)} overlaps ${protectionText(decision.protection)}; --force blocks it all the same`,
      );
    }
    this.#store.record(changeOf(decision, request));
    return decision;
  }
}
