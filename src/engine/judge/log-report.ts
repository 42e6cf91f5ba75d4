import type { Spared } from '../../blocklist/spared.ts';
import type { Ban } from '../../fleet/pubsub/ban.ts';
import type { LogSummary } from '../../log/read-offences.ts';
import type { Prefix } from '../../net/prefix.ts';
import type { UncountedProxy } from '../../store/likely-proxies.ts';
import { EntryReports } from './entry-reports.ts';
import type { RuleChanges } from './store-judged.ts';

/** The result of judging one log. */
export class LogReport implements RuleChanges {
  readonly summary: LogSummary;
  /** The same content was read before; nothing was done. */
  readonly alreadyRead: boolean;
  readonly entries = new EntryReports();
  readonly spared: Spared[] = [];
  hits = 0;
  /** Events that were counted before, in this log or in another. */
  repeated = 0;
  /** Entries that `limits.share` kept from becoming active, or for longer. */
  refused = 0;
  /** Prefixes that may be proxies, of which offences did not count. */
  readonly uncounted: UncountedProxy[] = [];
  readonly withdrawn: Prefix[] = [];
  readonly bans: Ban[] = [];
  changesHoles = false;

  constructor(summary: LogSummary, alreadyRead: boolean) {
    this.summary = summary;
    this.alreadyRead = alreadyRead;
  }

  get changesRules(): boolean {
    return this.bans.length > 0 || this.withdrawn.length > 0 || this.changesHoles;
  }
}
