import type { Decision, ManualRequest } from '../../blocklist/request.ts';
import type { Store } from '../../store/store.ts';

/** Stores what was decided of a request by hand, in the transaction in which it was decided. */
export function commit(store: Store, request: ManualRequest, decision: Decision): void {
  if (decision.kind === 'refused') return;
  const { kind, entry } = decision;
  store.put(entry);
  const changesActivation =
    kind === 'new' || kind === 'reactivated' || (kind === 'covered' && decision.extended);
  if (changesActivation) {
    store.recordActivation(entry, { origin: request.origin, note: request.note });
  }
}
