import type { Evidence } from '../blocklist/evidence.ts';
import type { Decision, Request } from '../blocklist/request.ts';
import type { Store } from '../store/store.ts';

/** Stores what was decided. To be called in a transaction that began before `decide` was. */
export function carryOut(
  store: Store,
  request: Request,
  decision: Decision,
  evidence: readonly Evidence[] = [],
): void {
  if (decision.kind === 'refused') return;
  const { kind, entry } = decision;
  store.put(entry);
  const changesActivation =
    kind === 'new' || kind === 'reactivated' || (kind === 'covered' && decision.extended);
  if (changesActivation) {
    store.recordActivation(entry, {
      origin: request.origin,
      note: request.kind === 'manual' ? request.note : '',
    });
  }
  if (evidence.length > 0) store.addEvidence(entry.prefix, entry.activations, evidence);
}
