import type { Command } from 'commander';
import type { Seconds } from '../../blocklist/entry.ts';
import type { Decision } from '../../blocklist/request.ts';
import { explain } from '../../engine/explain.ts';
import { FAMILY_BITS } from '../../net/address.ts';
import { formatAddress } from '../../net/address-text.ts';
import { formatPrefix, parsePrefix } from '../../net/prefix-text.ts';
import type { Activation } from '../../store/history.ts';
import type { Context } from '../context.ts';
import { entryJson, whereJson } from '../text/entry-text.ts';
import { explanationLines, type LocatedExplanation } from '../text/explanation-text.ts';
import { isoTime } from '../text/time.ts';

export function define(command: Command, context: Context): void {
  command
    .description(
      'Shows why an address or prefix is on the blocklist or not: the entries and feeds that contain it, their history and evidence, what protects it, its pending points, what its next offence would do, and the rules that may change that. Evidence of the address itself comes first; the rest is summed up, except with --verbose.',
    )
    .argument('<address|prefix...>')
    .addHelpText(
      'after',
      `
Examples:
  mcblock explain 5.149.105.9
  mcblock explain --verbose 5.149.105/24
  mcblock explain --now 2026-03-01 5.149.105.9
  mcblock explain --json 5.149.105.9 | jq '.[].next'
`,
    )
    .action((texts: string[]) => explainPrefixes(context, texts));
}

async function explainPrefixes(context: Context, texts: readonly string[]): Promise<void> {
  const prefixes = texts.map((text) => parsePrefix(text));
  const { policyFor } = await context.policies();
  const store = await context.store('read');
  const geo = await context.geo();
  const { now, options } = context;
  const found = prefixes.map((prefix) => ({
    ...explain(store, prefix, policyFor(prefix), now),
    where: geo && whereJson(prefix, geo),
  }));
  if (options.json) return context.json(found.map((one) => explanationJson(one, now)));
  const verbose = options.verbose ?? false;
  context.lines(
    found.flatMap((one) => [...explanationLines(one, policyFor(one.prefix), now, verbose)]),
  );
}

function explanationJson(one: LocatedExplanation, now: Seconds): object {
  const { prefix, embedded, blocker, entries, feeds, within, protection, prediction, where } = one;
  const isHost = prefix.length === FAMILY_BITS[prefix.family];
  return {
    address: isHost ? formatAddress(prefix) : null,
    prefix: formatPrefix(prefix),
    embedded: embedded ? formatAddress(embedded) : null,
    ...where,
    blocked: blocker !== undefined || feeds.length > 0,
    by: blocker ? formatPrefix(blocker.prefix) : null,
    proxy: one.proxy || null,
    feeds: feeds.map((match) => ({ feed: match.feed, prefix: formatPrefix(match.prefix) })),
    protectedBy: protection
      ? { prefix: formatPrefix(protection.prefix), reason: protection.reason }
      : null,
    entries: entries.map(({ entry, history }) => ({
      ...entryJson(entry, now),
      history: history.map(activationJson),
    })),
    withdrawn: one.withdrawals.map((withdrawal) => ({
      prefix: formatPrefix(withdrawal.prefix),
      reason: withdrawal.reason,
      withdrawnAt: isoTime(withdrawal.withdrawnAt),
      activation: activationJson(withdrawal.activation),
    })),
    forgotten: one.forgotten.map(({ entry, history, forgottenAt }) => ({
      ...entryJson(entry, now),
      active: false,
      forgottenAt: isoTime(forgottenAt),
      history: history.map(activationJson),
    })),
    within,
    pendingPoints: prediction?.pendingPoints ?? null,
    next: prediction ? decisionJson(prediction.next, now) : null,
    whole: prediction?.whole ? decisionJson(prediction.whole, now) : null,
    rules: prediction?.rules ?? null,
  };
}

function decisionJson(decision: Decision, now: Seconds): object {
  return decision.kind === 'refused'
    ? { outcome: decision.kind, reason: decision.protection.reason }
    : { outcome: decision.kind, entry: entryJson(decision.entry, now) };
}

function activationJson(activation: Activation): object {
  const { number, at, until, endedAt, origin, note, by, byAdmin, rule, evidence } = activation;
  return {
    number,
    at: isoTime(at),
    until: isoTime(until),
    endedAt: isoTime(endedAt),
    origin,
    by: by === '' ? null : by,
    byAdmin,
    note,
    rule: rule ?? null,
    evidence: evidence.map((row) => ({
      ...row,
      address: row.address ? formatAddress(row.address) : null,
      firstSeen: isoTime(row.firstSeen),
      lastSeen: isoTime(row.lastSeen),
    })),
  };
}
