import type { AutomaticRequest } from './request.ts';

/**
 * Who tells of offences: services in their logs, or pf of packets that it blocked as they came in
 * from outside. A packet may say that it comes from anywhere, so that pf's word makes no new entry:
 * it is a hit on an active one, and brings back an expired one, the bogons too.
 */
export type EvidenceSource = 'log' | 'pf';

/** What offences that this witness told of ask for. */
export function automaticRequest(
  witness: EvidenceSource,
  { offender, at, hits }: Pick<AutomaticRequest, 'offender' | 'at' | 'hits'>,
): AutomaticRequest {
  const isPf = witness === 'pf';
  const origin = isPf ? 'pf' : 'grok';
  return { kind: 'automatic', origin, offender, at, hits, external: isPf };
}
