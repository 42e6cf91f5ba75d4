/**
 * What the commands of mcblock do, without a terminal: judging logs, following them, blocking by
 * hand, and keeping a firewall up to date. Functions take the store, policies, clock and firewall
 * that they work with, and throw McblockError.
 */
export { McblockError } from '../errors.ts';
export { type FeedOptions, type FeedUpdate, readFeed } from './feed/update.ts';
export { type AppliedRules, type ApplyOptions, applyRules } from './firewall/apply-rules.ts';
export { FirewallUpdater } from './firewall/firewall-updater.ts';
export { type FirewallSettings, openFirewall } from './firewall/open-firewall.ts';
export type { EntryReport, EntryReports } from './judge/entry-reports.ts';
export type { JudgeSettings } from './judge/judge-log.ts';
export type { LogReport } from './judge/log-report.ts';
export { previewLog, recordLog } from './judge/record-log.ts';
export { onePolicy, type Policies } from './policies.ts';
export { protectedSpace } from './protected-space.ts';
export { type ManualBlock, ManualBlocker } from './record/manual-blocker.ts';
export { findWidenings, widen } from './record/widen.ts';
export { ruledPolicies } from './ruled-policies.ts';
export { rulesAt } from './rules-at.ts';
export { activated, type BatchReport } from './watch/batch-recorder.ts';
export { Watcher, type WatchSettings } from './watch/watcher.ts';
