import type { Seconds } from '../blocklist/entry.ts';
import { isOneHost } from '../blocklist/one-host.ts';
import { type Policy, windowOf } from '../blocklist/policy.ts';
import { Window } from '../blocklist/window.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Store } from '../store/store.ts';

/** The pending offences of the network that count at this time. */
export function pendingWindow(store: Store, network: Prefix, policy: Policy, at: Seconds): Window {
  const window = new Window(isOneHost(network, policy));
  for (const offence of store.pending(network).toSorted((p, q) => p.at - q.at)) {
    const seconds = windowOf(offence.kind, policy);
    const counts = offence.at <= at && offence.at > at - seconds;
    if (counts) window.add({ ...offence, isJudged: true }, offence.at, seconds);
  }
  return window;
}
