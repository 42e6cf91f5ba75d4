/** What the status server sends to the page. Times are ISO 8601 UTC, null where there is none. */

/** What the page shows first. */
export interface InitialJson {
  readonly status: StatusJson;
  /** Null while the store is being read. */
  readonly page: PageJson | null;
  readonly version: string;
}

export interface StatusJson {
  readonly state: 'connected' | 'disconnected';
  readonly startedAt: string;
  readonly connectedSince: string | null;
  readonly connections: number;
  readonly lastError: string | null;
  readonly lastMessageAt: string | null;
  readonly latencySeconds: number | null;
  readonly lastNumber: number | null;
  readonly lag: number | null;
  readonly caughtUpAt: string | null;
  readonly apiError: string | null;
  readonly queue: { readonly blocks: number; readonly commands: number };
  readonly refused: Readonly<Record<string, number>>;
  readonly senders: readonly SenderJson[];
  readonly channels: Readonly<Record<string, ChannelJson>>;
}

interface SenderJson {
  readonly sender: string;
  readonly bans: number;
  readonly lastAt: string;
}

export interface ChannelJson {
  readonly received: number;
  readonly accepted: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly lastMessageAt: string | null;
}

export interface PageJson {
  readonly active: number;
  readonly active6: number;
  readonly byOrigin: Readonly<Record<string, number>>;
  /** The latest first. */
  readonly bans: readonly BanJson[];
}

export interface BanJson {
  readonly at: string;
  readonly prefix: string;
  readonly from: string;
  readonly why: string;
  readonly outcome: string;
  /** null: forever. Left out where it is not known. */
  readonly expiresAt?: string | null;
}
