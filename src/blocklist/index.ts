/**
 * The rules of the blocklist: entries, penalties, protection, and the decision on a request. Pure;
 * the time and the policy are always arguments.
 */
export { McblockError } from '../errors.ts';
export { bogonEntries, privateSpace } from './bogons.ts';
export { decide } from './decide.ts';
export { type Entry, type Expiry, isActive, type Origin, type Seconds } from './entry.ts';
export { changeOf, type EntryChange } from './entry-change.ts';
export type { Evidence } from './evidence.ts';
export { expireEntry } from './expire.ts';
export type { Offence, UserHash } from './offence.ts';
export { penaltySeconds } from './penalty.ts';
export { DEFAULT_POLICY, type Policy } from './policy.ts';
export { ProtectedSpace } from './protect.ts';
export type {
  AutomaticRequest,
  Decision,
  ManualRequest,
  Protection,
  ProtectionReason,
  Request,
} from './request.ts';
export { rulesOf } from './rules.ts';
export { type Login, trustedProtections } from './trust.ts';
