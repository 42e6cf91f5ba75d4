import type { Prefix } from '../net/prefix.ts';
import type { Entry } from './entry.ts';
import type { Evidence } from './evidence.ts';
import type { Login } from './protect.ts';
import type { AutomaticRequest, Decision } from './request.ts';

/** What became of one or more offences, to be stored whole. */
export interface Verdict {
  readonly request: AutomaticRequest;
  readonly decision: Decision;
  /** What the request stands for. The decision's entry has counted these hits already. */
  readonly evidence: readonly Evidence[];
}

/** Where the judge finds the past and puts the present. What was carried out is found at once. */
export interface EntryRepository {
  /** The entries that cover the prefix, itself among them, in any order. */
  supernets(prefix: Prefix): readonly Entry[];
  /** The latest accepted login of each address in the prefix that has one. */
  loginsWithin(prefix: Prefix): readonly Login[];
  commit(verdict: Verdict): void;
}
