import type { RemoteResult } from './remote-change.ts';

/** A report and the key by which the server recognizes it when it is sent again. */
export interface KeyedReport {
  readonly key: string;
  readonly report: Readonly<Record<string, unknown>>;
}

/** The server's answer to a list of reports. */
export type ReportResponse =
  /** One result for each report. */
  | { readonly kind: 'processed'; readonly results: readonly RemoteResult[] }
  /** Refused for its form: nothing was counted, and a server of this revision never will. */
  | { readonly kind: 'malformed'; readonly reason: string }
  /** Too many at once: none was counted. */
  | { readonly kind: 'later'; readonly waitSeconds: number }
  /** The user may not do this. */
  | { readonly kind: 'forbidden'; readonly reason: string };
