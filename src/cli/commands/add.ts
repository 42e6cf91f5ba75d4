import type { Command } from 'commander';
import { isActive } from '../../blocklist/entry.ts';
import type { Protection } from '../../blocklist/request.ts';
import { lastingHoles } from '../../engine/holes.ts';
import { serverUrl } from '../../fleet/client/api-endpoint.ts';
import type { Ban } from '../../fleet/pubsub/ban.ts';
import { FAMILY_BITS } from '../../net/address.ts';
import { containsPrefix, type Prefix } from '../../net/prefix.ts';
import { formatPrefix, shortPrefix } from '../../net/prefix-text.ts';
import { isWiderThan } from '../../net/wide.ts';
import type { Store } from '../../store/store.ts';
import {
  type ApplyChoice,
  addApplyOptions,
  type FirewallOutcome,
  publishAfterwards,
  updateFirewall,
} from '../afterwards.ts';
import {
  addHandOptions,
  expiryOf,
  type HandDecision,
  type HandOptions,
  handBlocker,
  refuseTooWide,
} from '../by-hand.ts';
import { requireFleet } from '../config/require-fleet.ts';
import type { Context } from '../context.ts';
import { formatDuration } from '../text/duration.ts';
import { entryJson } from '../text/entry-text.ts';
import { parsePrefixes } from '../text/prefixes.ts';
import { protectionText } from '../text/protection-text.ts';
import { notSharedText } from '../text/shared-text.ts';
import { untilText } from '../text/time.ts';

/** Further ones are counted. */
const SHOWN_HOLES = 5;

export function define(command: Command, context: Context): void {
  addApplyOptions(addHandOptions(command))
    .option('--share', 'block it in the whole fleet: now over Redis, and with the next sync')
    .description(
      'Blocks prefixes by hand. If expired entries contain the prefix, the widest one is activated again, for twice as long as before. Otherwise the penalty goes on from those of the entries within the prefix. --exact looks at the prefix itself only.',
    )
    .argument('<prefix...>', '5.149.104/22, 10/8, 192.0.2.7, 2001:db8::/32')
    .addHelpText(
      'after',
      `
Examples:
  mcblock add 5.149.104/22
  mcblock add 192.0.2.7 --for 90d --note "form spam"
  mcblock add 192.0.2.7 --share

If one prefix cannot be added, none is.
`,
    )
    .action((texts: string[], options: AddOptions) => add(context, texts, options));
}

interface AddOptions extends HandOptions, ApplyChoice {
  readonly share?: true;
}

interface Outcome {
  readonly asked: Prefix;
  /** It is not shared, because this machine may not have it blocked in the fleet. */
  readonly isLocal: boolean;
  readonly decision: HandDecision;
  /** What the rules leave out all the same. */
  readonly holes: readonly Protection[];
}

async function add(context: Context, texts: readonly string[], options: AddOptions): Promise<void> {
  // Before the store is opened: a mistyped command must not create one.
  expiryOf(options, context.now);
  const prefixes = parsePrefixes(texts);
  for (const prefix of prefixes) refuseTooWide(prefix, options);
  const config = await context.config();
  if (options.share) requireFleet(config);
  const policies = await context.policies();
  const store = await context.store('write');
  const { now } = context;
  const widest = options.share
    ? store.fleetState.widest(serverUrl(config.get('fleet.url')))
    : undefined;
  const outcomes = store.transaction(() => {
    const block = handBlocker(store, policies, 'manual', options, context.time, context.env);
    return prefixes.map((asked): Outcome => {
      const decision = block(asked);
      const isLocal = widest !== undefined && isWiderThan(asked, widest);
      if (options.share && !isLocal) share(store, asked, decision, options, now);
      return {
        asked,
        isLocal,
        decision,
        holes: lastingHoles(store, decision.entry.prefix, policies, now),
      };
    });
  });
  const firewall = await updateFirewall(context, options, { force: options.force });
  if (context.options.json) context.json(outcomes.map((outcome) => outcomeJson(outcome, now)));
  else context.lines(outcomes.map((outcome) => outcomeLine(outcome, now, firewall)));
  for (const { asked, isLocal } of outcomes) {
    if (isLocal && widest !== undefined) context.remark(notSharedText(asked, widest));
  }
  const shared = outcomes.filter(({ isLocal }) => !isLocal);
  if (options.share) await publishAfterwards(context, shared.map(banOf));
  const isChanged = outcomes.some(
    ({ decision }) => decision.kind !== 'covered' || decision.extended,
  );
  firewall.report(isChanged);
}

/** Published even if already blocked: machines that have it ignore it. */
function banOf({ decision: { entry } }: Outcome): Ban {
  const { prefix, expiresAt, origin, note } = entry;
  const isHost = prefix.length === FAMILY_BITS[prefix.family];
  const address = isHost ? prefix : undefined;
  return { prefix, address, expiresAt, origin, evidence: [], note };
}

/** Shares the request, not its outcome: the fleet decides by its own history. */
function share(
  store: Store,
  prefix: Prefix,
  { entry }: HandDecision,
  options: AddOptions,
  now: number,
): void {
  const { exact = false, note = '' } = options;
  const until = expiryOf(options, now);
  store.outbox.share({ type: 'block', prefix, until, exact, note }, entry.prefix);
}

function outcomeJson({ asked, decision, holes }: Outcome, now: number): object {
  return {
    asked: formatPrefix(asked),
    outcome: decision.kind,
    entry: entryJson(decision.entry, now),
    holes: holes.map(({ prefix, reason }) => ({ prefix: formatPrefix(prefix), reason })),
  };
}

function outcomeLine(outcome: Outcome, now: number, firewall: FirewallOutcome): string {
  const { asked, decision, holes } = outcome;
  const prefix = decision.kind === 'covered' ? asked : decision.entry.prefix;
  const whole = holes.find((hole) => containsPrefix(hole.prefix, prefix));
  if (whole) return `${shortPrefix(prefix)} recorded, not blocked: in ${protectionText(whole)}`;
  const text = decisionText(outcome, now, firewall);
  if (holes.length === 0) return text;
  const named = holes.slice(0, SHOWN_HOLES).map(protectionText);
  const more = holes.length - named.length;
  return `${text}, except ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function decisionText(
  { asked, decision }: Outcome,
  now: number,
  { isApplied }: FirewallOutcome,
): string {
  const { kind, entry } = decision;
  const name = shortPrefix(entry.prefix);
  const until = untilText(entry.expiresAt);
  if (kind === 'covered') {
    const listed = isApplied ? 'blocked' : 'recorded';
    if (decision.extended) return `${name} still ${listed}, now ${until}`;
    const by = containsPrefix(asked, entry.prefix) ? '' : ` as part of ${name}`;
    return `${shortPrefix(asked)} already ${listed}${by} ${until}`;
  }
  const penalty =
    entry.expiresAt === 'forever' || !isActive(entry, now)
      ? ''
      : ` (${formatDuration(entry.expiresAt - now)})`;
  const wider = containsPrefix(asked, entry.prefix) ? '' : ` (contains ${shortPrefix(asked)})`;
  const inherits = 'inherits' in decision ? decision.inherits : undefined;
  const before = inherits ? ` (contains ${shortPrefix(inherits)}, blocked before)` : '';
  const again = entry.activations > 1 ? ` again (activation ${entry.activations})` : '';
  return `${name}${wider}${before} ${isApplied ? 'blocked' : 'recorded'}${again} ${until}${penalty}`;
}
