import type { Spared } from '../../blocklist/spared.ts';
import type { LogSummary } from '../../log/read-offences.ts';
import { EntryReports } from './entry-reports.ts';

/** What reading one log did. */
export class GrokReport {
  readonly summary: LogSummary;
  /** The same content was read before: nothing was done. */
  readonly alreadyRead: boolean;
  readonly entries = new EntryReports();
  readonly spared: Spared[] = [];

  constructor(summary: LogSummary, alreadyRead: boolean) {
    this.summary = summary;
    this.alreadyRead = alreadyRead;
  }
}
