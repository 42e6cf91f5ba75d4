import type { Config } from '../../cli/config/config.ts';
import { SETTINGS, type SettingKey } from '../../cli/config/settings.ts';
import type { Context } from '../../cli/context.ts';
import { McblockError } from '../../errors.ts';
import type { FleetClient } from '../../fleet/client/client.ts';
import type { Store } from '../../store/store.ts';
import { applyAfterwards } from '../firewall/apply-rules.ts';
import { type CaughtUp, catchUp } from './catch-up.ts';
import {
  countFresh,
  expirePfTables,
  type PfTable,
  readPfTables,
  type Taken,
  takePfTables,
} from './pf-tables.ts';
import { type Rung, ringForTables } from './publish-pf-tables.ts';
import { type Sent, sendOutbox } from './send-outbox.ts';

/** What one round did; undefined where it did not come to that. */
export interface Round {
  taken: Taken | undefined;
  rung: Rung | undefined;
  sent: Sent | undefined;
  /** Reports that wait for the API. */
  waiting: number;
  caughtUp: CaughtUp | undefined;
  /** Why something was not done, in the order in which it was tried. */
  readonly failures: McblockError[];
}

/**
 * One round: takes what is in pf's tables, rings for it if it is to, reports it and the outbox,
 * fetches what changed, applies, and empties the tables of what has been there for long. What fails
 * does not keep the rest from being done: an attacker must be blocked here though the API is away.
 */
export async function syncRound(
  context: Context,
  client: FleetClient,
  rings: boolean,
): Promise<Round> {
  const config = await context.config();
  const store = await context.store('write');
  const round: Round = { ...NOTHING, failures: [] };
  const remark = (text: string) => context.remark(text);
  let tables: readonly PfTable[] = [];
  const pfctl = config.get('firewall.pfctl');
  const policies = await context.policies();
  await attempt(round, async () => {
    tables = await readPfTables(pfctl, config.get('fleet.pf-tables'));
    round.taken = takePfTables(store, tables, policies, context.present);
  });
  if (rings && config.get('pubsub.address') !== '') {
    await attempt(round, async () => {
      round.rung = await ringForTables({ context, config, store, tables });
    });
  }
  await attempt(round, async () => {
    round.sent = await sendOutbox(store, client, remark);
    round.caughtUp = await catchUpWith(context, store, client, false);
  });
  if (hasFirewall(config)) await attempt(round, () => applyAfterwards(context));
  // What is in the tables is recorded by now, whether the API knows of it or not.
  await attempt(round, () => expirePfTables(pfctl, tables, config.get('fleet.pf-expire')));
  round.waiting = store.outbox.size();
  return round;
}

/** What a round would do. Throws where one would fail. */
export async function rehearseRound(
  context: Context,
  client: FleetClient,
  rings: boolean,
): Promise<Round> {
  const config = await context.config();
  const store = await context.store('read');
  const pfctl = config.get('firewall.pfctl');
  const tables = await readPfTables(pfctl, config.get('fleet.pf-tables'));
  const isRung = rings && config.get('pubsub.address') !== '';
  return {
    ...NOTHING,
    rung: isRung
      ? await ringForTables({ context, config, store, tables, isDryRun: true })
      : undefined,
    taken: { fresh: countFresh(store, tables), spared: 0 },
    waiting: store.outbox.size(),
    caughtUp: await catchUpWith(context, store, client, true),
    failures: [],
  };
}

const NOTHING = {
  taken: undefined,
  rung: undefined,
  sent: undefined,
  waiting: 0,
  caughtUp: undefined,
} as const;

/** As catchUp, with what the configuration says. */
export async function catchUpWith(
  context: Context,
  store: Store,
  client: FleetClient,
  isDryRun: boolean,
): Promise<CaughtUp> {
  const config = await context.config();
  return catchUp({
    store,
    client,
    isDryRun,
    policies: await context.policies(),
    longestSeconds: config.get('fleet.longest'),
    mostChanges: config.get('fleet.change-limit'),
    now: () => context.present,
  });
}

async function attempt(round: Round, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (!(error instanceof McblockError)) throw error;
    round.failures.push(error);
  }
}

/** Whether the configuration says anything of a firewall; none is touched by guess. */
function hasFirewall(config: Config): boolean {
  const keys = Object.keys(SETTINGS) as SettingKey[];
  return keys.some((key) => key.startsWith('firewall.') && config.sourceOf(key) !== 'default');
}
