import type { AutomaticRequest } from './request.ts';

/**
 * Where offences come from: logs of services, or packets from outside that pf blocked. The source of
 * a packet can be forged, so that a packet makes no new entry: it is a hit on an active one, and
 * activates an expired one again, bogons included.
 */
export type EvidenceSource = 'log' | 'pf';

/** The request that offences from this source make. */
export function automaticRequest(
  source: EvidenceSource,
  { offender, at, hits }: Pick<AutomaticRequest, 'offender' | 'at' | 'hits'>,
  points = 0,
): AutomaticRequest {
  const origin = originOf(source);
  return { kind: 'automatic', origin, offender, at, hits, points, external: source === 'pf' };
}

export function originOf(source: EvidenceSource): 'grok' | 'pf' {
  return source === 'pf' ? 'pf' : 'grok';
}
