import { isDeepStrictEqual } from 'node:util';
import { type Seconds, stateOf } from '../blocklist/entry.ts';
import type { EntryChange } from '../blocklist/entry-change.ts';
import type { Login } from '../blocklist/trust.ts';
import type { Prefix } from '../net/prefix.ts';
import type { PrefixList } from '../net/prefix-list.ts';
import type { AllowedPrefix } from './allowed.ts';
import type { Feed } from './feeds.ts';
import { keepAllowed, keepFeed } from './kept-records.ts';
import type { ReadLog } from './logs.ts';
import type { StoreParts } from './parts.ts';

/** Records a change of an entry; see Store.record. */
export function recordChange(parts: StoreParts, change: EntryChange): void {
  const { entry, isFirst = false, activations = [], evidence = [], ended } = change;
  const { cause = { ...entry, maker: entry } } = change;
  const { connection, entries, history, undo, changes, outbox, coverage } = parts;
  const { prefix } = entry;
  connection.together(() => {
    const command = undo.entryChanges(prefix, isFirst);
    if (change.takesBack) {
      history.dropAbove(prefix, entry.activations);
      outbox.forget(prefix);
    }
    // An entry with no activation left counts as absent; a bogon stays.
    if (change.takesBack && stateOf(entry, 0) === 'never' && entry.origin !== 'bogon') {
      undo.entryRemoved(prefix);
      return entries.remove(prefix);
    }
    if (isFirst) entries.insert(entry, command);
    else entries.put(entry, command);
    if (ended) {
      history.end(prefix, ended.activation, ended.at);
      changes.add('expired', prefix, { by: change.cause?.maker?.by });
    }
    for (const activated of activations) {
      const isNew = history.record(activated, cause, command, isFirst);
      if (!isNew && cause.origin !== 'grok' && cause.origin !== 'pf') {
        const { expiresAt: until } = activated;
        changes.add('prolonged', prefix, { until, by: cause.maker?.by, note: cause.note });
      }
      coverage.grow(activated.prefix);
      // Before the evidence: it is only shared if this machine activated the entry.
      outbox.activated(activated, cause.origin);
    }
    for (const { activation, rows } of evidence) {
      history.addEvidence(prefix, activation, rows);
      if (outbox.isOurs(entry, activation)) outbox.shareOffences(prefix, rows);
    }
  });
}

/** Removes an entry and its history, and keeps both as forgotten; see Store.forget. */
export function forgetEntry(parts: StoreParts, prefix: Prefix, forgottenAt: Seconds): void {
  const { forgotten, undo, changes, outbox } = parts;
  const command = undo.entryChanges(prefix);
  undo.entryRemoved(prefix);
  forgotten.add(prefix, forgottenAt, command);
  changes.add('forgotten', prefix);
  outbox.forget(prefix);
}

/** Records logins, which undo no longer changes from then on; see Store.recordLogins. */
export function recordLogins(parts: StoreParts, recorded: readonly Login[]): void {
  const { connection, undo, logins } = parts;
  connection.together(() => {
    undo.loginsChange(recorded);
    logins.record(recorded);
  });
}

/** Records a log that was read; see Store.recordLog. */
export function recordReadLog(parts: StoreParts, log: ReadLog, instead?: Uint8Array): void {
  const { connection, undo, logs } = parts;
  connection.together(() => {
    if (logs.find(log.digest) === undefined) undo.logRead(log.digest);
    logs.record(log, instead);
  });
}

/** Puts a prefix on the allow-list; see Store.allow. */
export function recordAllowed(parts: StoreParts, allowedPrefix: AllowedPrefix): void {
  const { connection, allowed, changes } = parts;
  const { prefix, note, expiresAt: until } = allowedPrefix;
  connection.together(() => {
    keepAllowed(parts, prefix);
    allowed.put(allowedPrefix);
    changes.add('allowed', prefix, { until, note });
  });
}

/** Replaces a feed; see Store.putFeed. That it was found as it is, is no change. */
export function recordFeed(parts: StoreParts, feed: Feed, prefixes: PrefixList | undefined): void {
  const { connection, feeds, coverage } = parts;
  connection.together(() => {
    const isListed = prefixes === undefined || feeds.lists(feed.name, prefixes);
    const former = feeds.get(feed.name);
    if (!isListed || former === undefined || !isReadAlike(former, feed)) {
      keepFeed(parts, feed.name);
    }
    if (isListed) return feeds.put(feed);
    coverage.forget();
    feeds.replace(feed, prefixes);
  });
}

/** Removes a feed; see Store.removeFeed. */
export function removeFeed(parts: StoreParts, name: string): boolean {
  const { connection, feeds } = parts;
  return connection.together(() => {
    if (feeds.get(name) === undefined) return false;
    keepFeed(parts, name);
    return feeds.remove(name);
  });
}

function isReadAlike({ source, limits }: Feed, other: Feed): boolean {
  return source === other.source && isDeepStrictEqual(limits, other.limits);
}
