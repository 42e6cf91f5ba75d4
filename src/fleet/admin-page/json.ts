import type { PageJson } from '../pubsub/page/json.ts';

/** What the administrators' page shows. Times are ISO 8601 UTC, null where there is none. */
export interface OverviewJson extends PageJson {
  readonly version: string;
  readonly now: string;
  /** What is counted is counted since then. */
  readonly startedAt: string;
  /** The number of the latest change. */
  readonly latest: number;
  /** By name. */
  readonly users: readonly UserJson[];
}

export interface UserJson {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly disabled: boolean;
  /** The shortest prefix lengths, such as `/20, /48`; null: no limits. */
  readonly widest: string | null;
  /** Since when it has a key. */
  readonly keySince: string | null;
  /** It may use the API, and is no administrator. */
  readonly isMachine: boolean;
  readonly lastAt: string | null;
  /** Such a one that has not asked for an hour. */
  readonly isSilent: boolean;
  readonly agent: string;
  /** The number of changes that it does not have; null if it did not ask. */
  readonly lag: number | null;
  readonly reports: number;
  readonly refused: number;
  readonly deferred: number;
  readonly reason: string;
  /** Active entries that it activated last, and the most frequent reasons of these. */
  readonly active: number;
  readonly why: string;
  /** The part of its budget that these need, from 0 to 1; null: no limits. */
  readonly budget: number | null;
}
