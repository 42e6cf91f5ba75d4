import type { Expiry } from '../blocklist/entry.ts';
import type { Prefix } from '../net/prefix.ts';
import {
  ALLOW_REPORT,
  BLOCK_REPORT,
  EXPIRE_REPORT,
  WITHDRAW_REPORT,
} from '../validation/reports.ts';

/** A change other than an offence that is shared with the fleet. */
export type Announcement =
  | {
      readonly type: 'block';
      readonly prefix: Prefix;
      /** Undefined: the penalty decides. */
      readonly until: Expiry | undefined;
      readonly exact: boolean;
      readonly note: string;
    }
  | { readonly type: 'allow'; readonly prefix: Prefix; readonly note: string }
  | { readonly type: 'expire'; readonly prefix: Prefix }
  | { readonly type: 'withdraw'; readonly prefix: Prefix }
  | { readonly type: 'disallow'; readonly prefix: Prefix };

/** As in version 2 of the API. */
export function reportOf(announcement: Announcement): unknown {
  switch (announcement.type) {
    case 'block':
      return BLOCK_REPORT.write({ ...announcement, key: undefined });
    case 'expire':
      return EXPIRE_REPORT.write({ ...announcement, type: 'expire', key: undefined });
    case 'withdraw':
      return WITHDRAW_REPORT.write({ ...announcement, type: 'withdraw', key: undefined });
    case 'allow':
      return { type: 'allow', ...(ALLOW_REPORT.write(announcement) as object) };
    case 'disallow':
      return { type: 'disallow', ...(ALLOW_REPORT.write({ ...announcement, note: '' }) as object) };
  }
}
