import { nounText } from '../../count-text.ts';
import type { EntryReport } from '../../engine/judge/entry-reports.ts';
import type { Prefix } from '../../net/prefix.ts';
import { formatPrefix, shortPrefix } from '../../net/prefix-text.ts';
import { printable } from './printable.ts';
import { proxyText } from './proxy-text.ts';
import { isoTime, untilText } from './time.ts';

/** A scan tries many ports, each with a message of its own. */
const MAX_CAUSES = 5;

/** A change of an entry in one line: `new 5.149.105/24 until 2026-04-18 12:00 UTC, 3 hits in …`. */
export function watchLine(log: string, report: EntryReport): string {
  const { outcome, prefix, activations, expiresAt, hits, messages, proxy } = report;
  const by = proxy === '' ? '' : `; ${proxyText(proxy)}`;
  const times = activations === 1 ? '' : `, activation ${activations}`;
  const causes = messages.map(({ service, message, count }) => `${service} ${message} ${count}`);
  const more = causes.length > MAX_CAUSES ? `, and ${causes.length - MAX_CAUSES} more` : '';
  const why = causes.length === 0 ? '' : `: ${causes.slice(0, MAX_CAUSES).join(', ')}${more}`;
  return `${outcome} ${shortPrefix(prefix)} ${untilText(expiresAt)}${times}, ${nounText(hits, 'hit', 'hits')} in ${printable(log)}${why}${by}`;
}

/** The same as an object of `watch --json`. */
export function watchJson(log: string, report: EntryReport): object {
  const { outcome, prefix, activations, expiresAt, hits, messages, proxy } = report;
  return {
    outcome,
    prefix: formatPrefix(prefix),
    activations,
    expiresAt: isoTime(expiresAt),
    hits,
    log,
    messages: Object.fromEntries(
      messages.map(({ service, message, count }) => [`${service} ${message}`, count]),
    ),
    proxy: proxy || null,
  };
}

/** An activation that would not have arisen with a login that was read later, in one line. */
export function withdrawnLine(log: string, prefix: Prefix): string {
  return `withdrawn ${shortPrefix(prefix)}: a login in ${printable(log)} excuses its failures`;
}

/** The same as an object of `watch --json`. */
export function withdrawnJson(log: string, prefix: Prefix): object {
  return { outcome: 'withdrawn', prefix: formatPrefix(prefix), log };
}
