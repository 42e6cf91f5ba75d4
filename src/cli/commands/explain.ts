import type { Command } from 'commander';
import { pointsNeeded } from '../../blocklist/eligible.ts';
import { type Entry, isActive, stateOf } from '../../blocklist/entry.ts';
import type { Evidence } from '../../blocklist/evidence.ts';
import { penaltySeconds } from '../../blocklist/penalty.ts';
import type { Policy } from '../../blocklist/policy.ts';
import type { Decision } from '../../blocklist/request.ts';
import { type Explanation, explain } from '../../engine/explain.ts';
import { formatAddress } from '../../net/address-text.ts';
import { formatPrefix, shortPrefix } from '../../net/prefix-text.ts';
import type { Activation } from '../../store/history.ts';
import type { Context } from '../context.ts';
import { formatDuration } from '../text/duration.ts';
import { activationsText, entryJson, whereJson } from '../text/entry-text.ts';
import { parseAddressArgument } from '../text/prefixes.ts';
import { printable } from '../text/printable.ts';
import { protectionText } from '../text/protection-text.ts';
import { isoTime, shortTime } from '../text/time.ts';

export function define(command: Command, context: Context): void {
  command
    .description(
      'Shows why an address is on the blocklist or not: the entries and feeds that contain it, their history and evidence, what protects it, and what its next offence would do.',
    )
    .argument('<address...>')
    .addHelpText(
      'after',
      `
Examples:
  mcblock explain 5.149.105.9
  mcblock explain --json 5.149.105.9 | jq '.[].next'
`,
    )
    .action((texts: string[]) => explainAddresses(context, texts));
}

/** What is known of an address, with its country and network where there are databases. */
interface LocatedExplanation extends Explanation {
  readonly where: ReturnType<typeof whereJson> | undefined;
}

async function explainAddresses(context: Context, texts: readonly string[]): Promise<void> {
  const addresses = texts.map(parseAddressArgument);
  const { policyFor } = await context.policies();
  const store = await context.store('read');
  const geo = await context.geo();
  const found = addresses.map((address) => ({
    ...explain(store, address, policyFor(address), context.now),
    where: geo && whereJson(address, geo),
  }));
  if (context.options.json) context.json(found.map((one) => explanationJson(one, context.now)));
  else
    context.lines(
      found.flatMap((one) => explanationLines(one, policyFor(one.address), context.now)),
    );
}

function explanationLines(one: LocatedExplanation, policy: Policy, now: number): string[] {
  const { address, embedded, blocker, entries, feeds, protection, where } = one;
  const listed = blocker
    ? `on the blocklist: ${shortPrefix(blocker.prefix)} since ${shortTime(blocker.activatedAt)} ${endText(blocker)}`
    : feeds.length > 0
      ? 'on the blocklist: by a feed'
      : 'not on the blocklist';
  const lines = [`${formatAddress(address)} is ${listed}`];
  if (embedded) lines.push(`  embeds ${formatAddress(embedded)}`);
  if (where) lines.push(`  country ${where.country ?? 'unknown'}, ${where.network ?? '-'}`);
  if (protection) lines.push(`  protected by ${protectionText(protection)}`);
  for (const { feed, prefix } of feeds) lines.push(`  feed ${feed}: ${shortPrefix(prefix)}`);
  for (const { entry, history } of entries) {
    const state = stateOf(entry, now);
    const begin = state === 'never' ? '' : `${state}, `;
    lines.push(`  ${shortPrefix(entry.prefix)}: ${begin}${pastText(entry)}`);
    for (const activation of history.toReversed()) lines.push(...activationLines(activation));
  }
  for (const { prefix, activation, withdrawnAt, reason } of one.withdrawals) {
    const what = `activation withdrawn ${shortTime(withdrawnAt)} UTC`;
    const why = reason === 'mistake' ? 'a mistake' : 'a later login excuses its failures';
    lines.push(`  ${shortPrefix(prefix)}: ${what}: ${why}`);
    lines.push(...activationLines(activation));
  }
  for (const { entry, forgottenAt } of one.forgotten) {
    const state = `forgotten ${shortTime(forgottenAt)} UTC`;
    lines.push(`  ${shortPrefix(entry.prefix)}: ${state}, ${pastText(entry)}`);
  }
  return [...lines, `  next offence: ${nextText(one.next, policy, now)}`];
}

/** What happened to an entry. */
function pastText(entry: Entry): string {
  const note = entry.note === '' ? '' : `, "${printable(entry.note)}"`;
  const hits = `${entry.hits} hit${entry.hits === 1 ? '' : 's'}`;
  return `${activationsText(entry.activations)}, ${hits}, origin ${entry.origin}${note}`;
}

function endText({ expiresAt }: Entry): string {
  return expiresAt === 'forever' ? 'forever' : `until ${shortTime(expiresAt)} UTC`;
}

function activationLines({ number, at, until, endedAt, evidence }: Activation): string[] {
  const end = endedAt === undefined ? shortTime(until) : `${shortTime(endedAt)}, expired by hand`;
  return [
    `    ${number}. ${shortTime(at)} to ${end}`,
    ...evidence.map((row) => `       ${evidenceText(row)}`),
  ];
}

function evidenceText({
  address,
  service,
  message,
  count,
  firstSeen,
  lastSeen,
  log,
  host,
}: Evidence): string {
  const who = address ? formatAddress(address) : 'other addresses';
  const where = [log && `in ${printable(log)}`, host && `on ${printable(host)}`].filter(
    (part) => part,
  );
  const span =
    firstSeen === lastSeen
      ? shortTime(firstSeen)
      : `${shortTime(firstSeen)} to ${shortTime(lastSeen)}`;
  return [`${who}: ${service} ${message} ${count}`, span, ...where].join(', ');
}

function nextText(next: Decision, policy: Policy, now: number): string {
  const points = `${policy.offence.points} points within ${formatDuration(policy.offence.windowSeconds)}`;
  switch (next.kind) {
    case 'refused':
      if (next.protection.reason === 'login') {
        const limit = `${policy.trust.points} points within ${formatDuration(policy.offence.windowSeconds)}`;
        return `counts only if its user did not log in from there; ${limit} block a trusted address`;
      }
      // Private space has no hole in the rules, so it is not called protected.
      if (next.protection.reason === 'private') {
        return `not counted: ${shortPrefix(next.protection.prefix)} is private space`;
      }
      return `not counted, protected by ${protectionText(next.protection)}`;
    case 'covered':
      return `a hit on ${shortPrefix(next.entry.prefix)}; ${extensionText(next.entry, policy, now)}`;
    case 'evidence':
      return `evidence for ${shortPrefix(next.entry.prefix)}`;
    case 'reactivated': {
      const { prefix, activations } = next.entry;
      const least = pointsNeeded({ ...next.entry, activations: activations - 1 }, policy);
      const window = formatDuration(policy.offence.windowSeconds);
      return `${least} points within ${window} activate ${shortPrefix(prefix)} again for ${formatDuration(penaltySeconds(activations, policy))}`;
    }
    case 'new':
      return `${points} block ${shortPrefix(next.entry.prefix)} for ${formatDuration(penaltySeconds(next.entry.activations, policy))}`;
  }
}

function extensionText(entry: Entry, policy: Policy, now: number): string {
  if (entry.expiresAt === 'forever') return 'active forever';
  const missing = policy.persistent.days - entry.hitDays.length;
  const penalty = formatDuration(penaltySeconds(entry.activations, policy));
  if (missing <= 0) return `every hit extends it to ${penalty} from then`;
  return `hits on ${missing} more day${missing === 1 ? '' : 's'} extend it to ${penalty} from then (now until ${isActive(entry, now) ? shortTime(entry.expiresAt) : '-'})`;
}

function explanationJson(one: LocatedExplanation, now: number): object {
  const { address, embedded, blocker, entries, feeds, protection, next, where } = one;
  return {
    address: formatAddress(address),
    embedded: embedded ? formatAddress(embedded) : null,
    ...where,
    blocked: blocker !== undefined || feeds.length > 0,
    by: blocker ? formatPrefix(blocker.prefix) : null,
    feeds: feeds.map(({ feed, prefix }) => ({ feed, prefix: formatPrefix(prefix) })),
    protectedBy: protection
      ? { prefix: formatPrefix(protection.prefix), reason: protection.reason }
      : null,
    entries: entries.map(({ entry, history }) => ({
      ...entryJson(entry, now),
      history: history.map(activationJson),
    })),
    withdrawn: one.withdrawals.map(({ prefix, activation, withdrawnAt, reason }) => ({
      prefix: formatPrefix(prefix),
      reason,
      withdrawnAt: isoTime(withdrawnAt),
      activation: activationJson(activation),
    })),
    forgotten: one.forgotten.map(({ entry, history, forgottenAt }) => ({
      ...entryJson(entry, now),
      active: false,
      forgottenAt: isoTime(forgottenAt),
      history: history.map(activationJson),
    })),
    next:
      next.kind === 'refused'
        ? { outcome: next.kind, reason: next.protection.reason }
        : { outcome: next.kind, entry: entryJson(next.entry, now) },
  };
}

function activationJson(activation: Activation): object {
  const { number, at, until, endedAt, origin, note, by, byAdmin, evidence } = activation;
  return {
    number,
    at: isoTime(at),
    until: isoTime(until),
    endedAt: endedAt === undefined ? null : isoTime(endedAt),
    origin,
    by: by === '' ? null : by,
    byAdmin,
    note,
    evidence: evidence.map((row) => ({
      ...row,
      address: row.address ? formatAddress(row.address) : null,
      firstSeen: isoTime(row.firstSeen),
      lastSeen: isoTime(row.lastSeen),
    })),
  };
}
