import type { Entry } from '../blocklist/entry.ts';
import { DAY_SECONDS } from '../blocklist/policy.ts';
import type { Decision, Protection } from '../blocklist/request.ts';
import { formatPrefix } from '../net/prefix-text.ts';
import type { FleetEvidence } from './fleet-store.ts';
import type { DeferringLimit, ReportResult } from './report.ts';

const REASONS: Readonly<Record<Protection['reason'], string>> = {
  allowed: 'the allow-list',
  own: 'an address of the server',
  login: 'an address with a recent login',
  session: "an administrator's session",
  proxy: 'a trusted proxy of the server',
  private: 'private space',
  ignored: 'a rule of the policy',
  connected: 'private space',
};

export function resultOf(outcome: ReportResult['outcome'], entry: Entry): ReportResult {
  return { outcome, prefix: entry.prefix, expiresAt: entry.expiresAt, reason: '' };
}

export function unchanged(
  outcome: 'refused' | 'repeated' | 'absent' | 'pending',
  reason = '',
): ReportResult {
  return { outcome, prefix: undefined, expiresAt: undefined, reason };
}

export function deferred(limit: DeferringLimit): ReportResult {
  const why =
    limit === 'fleet.quorum'
      ? 'waits until other machines report it too'
      : 'above what one user may block';
  const reason = `${why} (${limit})`;
  return { outcome: 'deferred', prefix: undefined, expiresAt: undefined, reason, limit };
}

export function spared({ prefix, reason }: Protection): ReportResult {
  return {
    outcome: 'spared',
    prefix: undefined,
    expiresAt: undefined,
    reason: `overlaps ${REASONS[reason]}: ${formatPrefix(prefix)}`,
  };
}

/**
 * Each further hit extends an entry that was hit on many days. The fleet gets a change only once
 * that makes a whole day, not every few minutes; until then the entry keeps its expiry.
 */
export function withoutSmallExtension(
  decision: Exclude<Decision, { kind: 'refused' }>,
  before: Entry | undefined,
  kind: FleetEvidence['kind'],
): { outcome: ReportResult['outcome']; entry: Entry } {
  const { entry } = decision;
  if (decision.kind !== 'covered' || !decision.extended) return { outcome: decision.kind, entry };
  const [old, extended] = [before?.expiresAt, entry.expiresAt];
  const isSmall =
    typeof old === 'number' && typeof extended === 'number' && extended - old < DAY_SECONDS;
  if (kind === 'block' || !isSmall) return { outcome: 'extended', entry };
  return { outcome: 'covered', entry: { ...entry, expiresAt: old } };
}
