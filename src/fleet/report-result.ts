import type { Entry } from '../blocklist/entry.ts';
import type { Protection } from '../blocklist/request.ts';
import { formatPrefix } from '../net/prefix-text.ts';
import type { ReportResult } from './report.ts';

const REASONS: Readonly<Record<Protection['reason'], string>> = {
  allowed: 'the allow-list',
  own: 'an address of the server',
  login: 'an address with a recent login',
  session: "an administrator's session",
  private: 'private space',
  connected: 'private space',
};

export function resultOf(outcome: ReportResult['outcome'], entry: Entry): ReportResult {
  return { outcome, prefix: entry.prefix, expiresAt: entry.expiresAt, reason: '' };
}

export function unchanged(outcome: 'refused' | 'repeated' | 'absent', reason = ''): ReportResult {
  return { outcome, prefix: undefined, expiresAt: undefined, reason };
}

export function spared({ prefix, reason }: Protection): ReportResult {
  return {
    outcome: 'spared',
    prefix: undefined,
    expiresAt: undefined,
    reason: `overlaps ${REASONS[reason]}: ${formatPrefix(prefix)}`,
  };
}
