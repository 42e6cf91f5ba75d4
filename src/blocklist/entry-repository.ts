import type { Address } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Entry, Seconds } from './entry.ts';
import type { Evidence } from './evidence.ts';
import type { PastActivation } from './fold.ts';
import type { AutomaticRequest, Decision } from './request.ts';
import type { Login } from './trust.ts';

/** The decision on one or more offences, to be stored as a whole. */
export interface Verdict {
  readonly request: AutomaticRequest;
  readonly decision: Decision;
  /** The evidence for the request. Its hits are already counted in the decision's entry. */
  readonly evidence: readonly Evidence[];
  /** Entries within that of the decision, without the activations that it replaces. */
  readonly folded?: readonly Entry[];
}

/** From where the judge reads entries and logins, and where it commits decisions. */
export interface EntryRepository {
  /** The entries that contain the prefix, including its own, in any order. */
  supernets(prefix: Prefix): readonly Entry[];
  /** The entries within the prefix, without its own, in any order; at most a thousand of them. */
  subnets(prefix: Prefix): readonly Entry[];
  /** The activations of the entry with this prefix, oldest first. */
  activations(prefix: Prefix): readonly PastActivation[];
  /** The accepted logins from addresses in the prefix. */
  loginsWithin(prefix: Prefix): readonly Login[];
  commit(verdict: Verdict): void;
  /** The address loses its trust at this time. */
  distrust(address: Address, at: Seconds): void;
}
