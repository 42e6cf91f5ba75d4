import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bogonEntries } from '../../blocklist/bogons.ts';
import { coverageOf } from '../../blocklist/coverage.ts';
import type { Seconds } from '../../blocklist/entry.ts';
import type { PastActivation } from '../../blocklist/fold.ts';
import type { Login } from '../../blocklist/trust.ts';
import type { LogSummary } from '../../log/read-offences.ts';
import { comparePrefixes, type Prefix } from '../../net/prefix.ts';
import { PrefixList } from '../../net/prefix-list.ts';
import { openStore, type Store } from '../../store/store.ts';
import { recordLog } from '../judge/record-log.ts';
import { SeenEvents } from '../judge/seen-events.ts';
import { storeLogins } from '../judge/store-judged.ts';
import type { Policies } from '../policies.ts';
import { type FalseAlarm, falseAlarms } from './false-alarms.ts';
import { Offenders } from './offenders.ts';

/** A policy, and how it reads logs. */
export interface RehearsedPolicy {
  readonly name: string;
  readonly policies: Policies;
  /** @param store has the key of the users */
  readonly read: (file: string, store: Store) => Promise<LogSummary>;
}

/** A prefix that a policy would have blocked. */
export interface RehearsedEntry {
  readonly prefix: Prefix;
  readonly hits: number;
  /** Oldest first. */
  readonly activations: readonly PastActivation[];
}

/** What a policy would have done. */
export interface Rehearsal {
  readonly name: string;
  readonly offences: number;
  /** Offences of addresses that were blocked then. */
  readonly kept: number;
  /** In order of their prefixes. */
  readonly entries: readonly RehearsedEntry[];
  readonly activations: number;
  /** Activations that a login within the window took back. */
  readonly withdrawn: number;
  /** Of what was ever blocked: IPv4 addresses and IPv6 /64s, and those among them without an offence. */
  readonly blocked4: bigint;
  readonly innocent4: bigint;
  readonly blocked6: bigint;
  readonly innocent6: bigint;
  /** Addresses from which somebody logged in after they were blocked, by address. */
  readonly falseAlarms: readonly FalseAlarm[];
}

const LENGTH6 = 64n;

/**
 * Runs logs, which are one history, through a policy in a store of its own. A login is known from its
 * time on, as where logs are followed.
 * @param files oldest first
 * @param allowed what nobody wants blocked
 */
export async function rehearse(
  files: readonly string[],
  policy: RehearsedPolicy,
  allowed: readonly Prefix[],
  now: Seconds,
): Promise<Rehearsal> {
  const folder = mkdtempSync(join(tmpdir(), 'mcblock-rehearse-'));
  const store = openStore(join(folder, 'mcblock.db'), { mode: 'write', seed: bogonEntries });
  try {
    for (const prefix of allowed) store.allow(prefix, '', now);
    const run = new Run(store, policy.policies, now);
    for (const file of files) run.judge(await policy.read(file, store));
    return run.result(policy.name);
  } finally {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One policy and what has become of it so far. */
class Run {
  readonly #store: Store;
  readonly #policies: Policies;
  readonly #now: Seconds;
  readonly #events: SeenEvents;
  readonly #offenders = new Offenders();
  readonly #logins: Login[] = [];
  #kept = 0;
  #withdrawn = 0;

  constructor(store: Store, policies: Policies, now: Seconds) {
    this.#store = store;
    this.#policies = policies;
    this.#now = now;
    this.#events = new SeenEvents(store, true);
  }

  judge(summary: LogSummary): void {
    const [store, policies, now] = [this.#store, this.#policies, this.#now];
    const { logins, groups } = summary;
    // The logins are stored after the log was judged: before, they are known from their time on.
    const judged: LogSummary = {
      ...summary,
      logins: [],
      groups: (spaceAround, counted) => this.#offenders.watch(groups(spaceAround, counted)),
    };
    const settings = { ...policies, source: 'log', logins, isLive: true } as const;
    const report = recordLog(store, judged, settings, now, false, this.#events);
    if (report.alreadyRead) return;
    store.transaction(() => storeLogins(store, logins, policies, now, report));
    this.#logins.push(...logins);
    this.#kept += report.hits;
    this.#withdrawn += report.withdrawn.length;
  }

  result(name: string): Rehearsal {
    const snapshot = this.#store.snapshot();
    const entries = Array.from(this.#store.entries())
      .filter(({ activations }) => activations > 0)
      .map(({ prefix, hits }) => ({ prefix, hits, activations: snapshot.activations(prefix) }));
    const blocked = PrefixList.from(entries.map(({ prefix }) => prefix));
    const coverage = coverageOf(blocked);
    const guilty = this.#offenders.countWithin(blocked);
    const blocked6 = coverage[6] >> LENGTH6;
    return {
      name,
      offences: this.#offenders.offences,
      kept: this.#kept,
      entries: entries.toSorted((p, q) => comparePrefixes(p.prefix, q.prefix)),
      activations: entries.reduce((sum, { activations }) => sum + activations.length, 0),
      withdrawn: this.#withdrawn,
      blocked4: coverage[4],
      innocent4: coverage[4] - BigInt(guilty[4]),
      blocked6,
      innocent6: blocked6 > BigInt(guilty[6]) ? blocked6 - BigInt(guilty[6]) : 0n,
      falseAlarms: falseAlarms(this.#store, this.#logins, this.#policies),
    };
  }
}
