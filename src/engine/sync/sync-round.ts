import type { Seconds } from '../../blocklist/entry.ts';
import { McblockError } from '../../errors.ts';
import type { FleetClient } from '../../fleet/client/client.ts';
import type { Publisher } from '../../fleet/pubsub/publisher.ts';
import type { SetAsideReports } from '../../store/outbox.ts';
import type { Store } from '../../store/store.ts';
import { catchUp } from './catch-up.ts';
import type { CatchUpOptions, CatchUpResult } from './catch-up-result.ts';
import type { PendingSender } from './pending-sender.ts';
import {
  countFresh,
  expirePfTables,
  type PfTable,
  type RecordedTables,
  readPfTables,
  recordPfTables,
} from './pf-tables.ts';
import { type PublishedTables, publishPfTables } from './publish-pf-tables.ts';
import { type SentReports, sendOutbox } from './send-outbox.ts';

export interface SyncOptions extends CatchUpOptions {
  /** The absolute path of pfctl(8). */
  readonly pfctl: string;
  /** Names of pf's tables to take addresses from; `*` stands for any letters. */
  readonly pfTables: readonly string[];
  /** Addresses leave pf's tables after this time. */
  readonly pfExpireSeconds: Seconds;
  /** Connects to Redis; undefined if addresses in pf's tables are not published. */
  readonly openPublisher: (() => Promise<Publisher>) | undefined;
  /** Sends offences that blocked nobody here. */
  readonly pending: PendingSender;
  /** Brings the firewall up to date, if that is wanted; `isChanged` if the rules changed in this round. */
  readonly apply: (isChanged: boolean) => Promise<void>;
  readonly warn: (text: string) => void;
}

/** The result of one round. A step that was not done is undefined. */
export interface SyncRound {
  recorded: RecordedTables | undefined;
  published: PublishedTables | undefined;
  sent: SentReports | undefined;
  /** Offences reported that blocked nobody here. */
  pending: number;
  /** Reports that wait for the API. */
  waiting: number;
  /** Reports that the API refused for their form. */
  setAside: SetAsideReports;
  /** Reports above this machine's limit, which the API takes later. */
  deferred: SetAsideReports;
  caughtUp: CatchUpResult | undefined;
  /** Why steps failed, in the order of the steps. */
  readonly failures: McblockError[];
}

/**
 * Records and publishes the addresses in pf's tables, sends the outbox, fetches changes, brings the
 * firewall up to date, and expires addresses in pf's tables. A step that fails does not keep the
 * others from being done: an attacker must be blocked here even while the API is away.
 */
export async function syncRound(
  store: Store,
  client: FleetClient,
  options: SyncOptions,
): Promise<SyncRound> {
  const { pfctl, pfTables, pfExpireSeconds, policies, now, openPublisher, apply, warn } = options;
  const setAside = store.outbox.setAsideReports();
  const deferred = store.outbox.deferredReports();
  const round: SyncRound = { ...NOT_DONE, setAside, deferred, failures: [] };
  let tables: readonly PfTable[] = [];
  await attempt(round, async () => {
    tables = await readPfTables(pfctl, pfTables);
    round.recorded = recordPfTables(store, tables, policies, now());
  });
  if (openPublisher !== undefined) {
    await attempt(round, async () => {
      round.published = await publishPfTables(store, tables, openPublisher, policies, now);
    });
  }
  await attempt(round, async () => {
    round.sent = await sendOutbox(store, client, now, warn);
    if (round.sent.waitSeconds === 0) {
      round.pending = (await options.pending.send(store, client)).reported;
    }
    round.caughtUp = await catchUp(store, client, options);
  });
  await attempt(round, () => apply(changesRules(round)));
  // Whether the API knows of the addresses or not, as long as this machine does.
  if (round.recorded !== undefined) {
    await attempt(round, () => expirePfTables(pfctl, tables, pfExpireSeconds));
  }
  round.waiting = store.outbox.size();
  round.setAside = store.outbox.setAsideReports();
  round.deferred = store.outbox.deferredReports();
  return round;
}

function changesRules({ recorded, caughtUp }: SyncRound): boolean {
  const { blocked = 0, expired = 0, allowed = 0 } = caughtUp ?? {};
  return (recorded?.fresh ?? 0) - (recorded?.spared ?? 0) + blocked + expired + allowed > 0;
}

/** The result that a round would have. Throws McblockError if a step would fail. */
export async function previewSync(
  store: Store,
  client: FleetClient,
  options: SyncOptions,
): Promise<SyncRound> {
  const { pfctl, pfTables, policies, now, openPublisher } = options;
  const tables = await readPfTables(pfctl, pfTables);
  return {
    ...NOT_DONE,
    published:
      openPublisher && (await publishPfTables(store, tables, openPublisher, policies, now, true)),
    recorded: { fresh: countFresh(store, tables), spared: 0 },
    waiting: store.outbox.size(),
    setAside: store.outbox.setAsideReports(),
    deferred: store.outbox.deferredReports(),
    caughtUp: await catchUp(store, client, options, true),
    failures: [],
  };
}

const NOT_DONE = {
  recorded: undefined,
  published: undefined,
  sent: undefined,
  pending: 0,
  waiting: 0,
  caughtUp: undefined,
} as const;

async function attempt(round: SyncRound, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (!(error instanceof McblockError)) throw error;
    round.failures.push(error);
  }
}
