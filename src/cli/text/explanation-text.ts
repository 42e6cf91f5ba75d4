import { pointsNeeded } from '../../blocklist/eligible.ts';
import { type Entry, isActive, type Seconds, stateOf } from '../../blocklist/entry.ts';
import type { Evidence } from '../../blocklist/evidence.ts';
import { currentPenalty } from '../../blocklist/penalty.ts';
import type { Policy } from '../../blocklist/policy.ts';
import type { Decision } from '../../blocklist/request.ts';
import { nounText } from '../../count-text.ts';
import type { Explanation, Prediction } from '../../engine/explain.ts';
import { formatAddress } from '../../net/address-text.ts';
import { contains, type Prefix } from '../../net/prefix.ts';
import { shortPrefix } from '../../net/prefix-text.ts';
import type { Activation } from '../../store/history.ts';
import type { Withdrawal } from '../../store/withdrawals.ts';
import { withdrawalText } from './change-text.ts';
import { formatDuration } from './duration.ts';
import { activationsText, lengthText, type whereJson } from './entry-text.ts';
import { printable } from './printable.ts';
import { protectionText } from './protection-text.ts';
import { proxyText } from './proxy-text.ts';
import { shortTime, untilText } from './time.ts';

/** Rows of evidence of an activation, before the rest is summed up. */
const SHOWN_EVIDENCE = 5;
/** Activations of an entry, the latest first. */
const SHOWN_ACTIVATIONS = 5;

/** An explanation with country and network, if there are databases. */
export interface LocatedExplanation extends Explanation {
  readonly where: ReturnType<typeof whereJson> | undefined;
}

/** @param verbose shows all activations and evidence */
export function* explanationLines(
  one: LocatedExplanation,
  policy: Policy,
  now: Seconds,
  verbose: boolean,
): Generator<string> {
  const { prefix, embedded, feeds, entries, within, protection, where } = one;
  yield `${shortPrefix(prefix)} is ${listedText(one)}`;
  if (one.proxy !== '') yield `  ${proxyText(one.proxy)}`;
  if (embedded) yield `  embeds ${formatAddress(embedded)}`;
  if (where) yield `  country ${where.country ?? 'unknown'}, ${printable(where.network ?? '-')}`;
  if (protection) yield `  protected by ${protectionText(protection)}`;
  for (const { feed, prefix: listed } of feeds) yield `  feed ${feed}: ${shortPrefix(listed)}`;
  if (within.all > 0) {
    yield `  contains ${nounText(within.all, 'entry', 'entries')}, ${within.active} of them active`;
  }
  // The narrowest first: it says most about the address.
  for (const { entry, history } of entries.toReversed()) {
    const state = stateOf(entry, now);
    yield `  ${shortPrefix(entry.prefix)}: ${state === 'never' ? '' : `${state}, `}${pastText(entry)}`;
    yield* historyLines(history, entry, prefix, verbose);
  }
  for (const withdrawal of one.withdrawals) {
    yield `  ${shortPrefix(withdrawal.prefix)}: ${withdrawnText(withdrawal)}`;
    yield* activationLines(withdrawal.activation, undefined, prefix, verbose);
  }
  for (const { entry, forgottenAt } of one.forgotten) {
    yield `  ${shortPrefix(entry.prefix)}: forgotten ${shortTime(forgottenAt)} UTC, ${pastText(entry)}`;
  }
  if (one.prediction) yield* predictionLines(one.prediction, policy, now);
}

function listedText({ blocker, feeds, within }: LocatedExplanation): string {
  if (blocker) {
    return `on the blocklist: ${shortPrefix(blocker.prefix)} since ${shortTime(blocker.activatedAt)} ${untilText(blocker.expiresAt)}`;
  }
  if (feeds.length > 0) return 'on the blocklist: in a feed';
  return within.active > 0 ? 'on the blocklist in part' : 'not on the blocklist';
}

/** The past of an entry. */
function pastText({ activations, hits, origin, by, note }: Entry): string {
  const parts = [activationsText(activations), nounText(hits, 'hit', 'hits'), `origin ${origin}`];
  if (by !== '') parts.push(`from ${printable(by)}`);
  if (note !== '') parts.push(`"${printable(note)}"`);
  return parts.join(', ');
}

function withdrawnText({ withdrawnAt, reason }: Withdrawal): string {
  return `activation withdrawn ${shortTime(withdrawnAt)} UTC: ${withdrawalText(reason)}`;
}

function* historyLines(
  history: readonly Activation[],
  entry: Entry,
  asked: Prefix,
  verbose: boolean,
): Generator<string> {
  const latestFirst = history.toReversed();
  const shown = verbose ? latestFirst : latestFirst.slice(0, SHOWN_ACTIVATIONS);
  for (const activation of shown) yield* activationLines(activation, entry, asked, verbose);
  const more = latestFirst.length - shown.length;
  if (more > 0) yield `    and ${nounText(more, 'activation', 'activations')} before`;
}

/** @param entry the entry of the activation: what it has in common is not repeated */
function* activationLines(
  { number, at, until, endedAt, origin, by, note, rule, evidence }: Activation,
  entry: Entry | undefined,
  asked: Prefix,
  verbose: boolean,
): Generator<string> {
  const end = endedAt === undefined ? shortTime(until) : `${shortTime(endedAt)}, expired by hand`;
  const parts = [`    ${number}. ${shortTime(at)} to ${end}`];
  if (origin !== entry?.origin) parts.push(`origin ${origin}`);
  if (by !== '' && by !== entry?.by) parts.push(`from ${printable(by)}`);
  if (note !== '' && note !== entry?.note) parts.push(`"${printable(note)}"`);
  if (rule !== undefined) parts.push(`by rule ${printable(rule)}`);
  yield parts.join(', ');
  const sorted = evidence.toSorted((p, q) => rank(q, asked) - rank(p, asked) || q.count - p.count);
  // A single row is as short as its sum.
  const isLong = !verbose && sorted.length > SHOWN_EVIDENCE + 1;
  const own = sorted.filter((row) => rank(row, asked) > 0).length;
  const isHost = own < sorted.length;
  const count = isLong
    ? Math.min(SHOWN_EVIDENCE, isHost && own > 0 ? own : SHOWN_EVIDENCE)
    : sorted.length;
  const shown = sorted.slice(0, count);
  for (const row of shown) yield `       ${evidenceText(row)}`;
  if (count < sorted.length) yield `       ${restText(sorted.slice(count), shown)}`;
}

/** The address asked for comes first. */
function rank({ address }: Evidence, asked: Prefix): number {
  return address !== undefined && contains(asked, address) ? 1 : 0;
}

const OTHERS = 'other addresses';

function evidenceText(evidence: Evidence): string {
  const { address, service, message, count, firstSeen, lastSeen, log, host, proxy, rule } =
    evidence;
  const who = address ? formatAddress(address) : OTHERS;
  const where = [
    log && `in ${printable(log)}`,
    host && `on ${printable(host)}`,
    proxy && `by ${printable(proxy)}`,
    rule && `by rule ${printable(rule)}`,
  ];
  const parts = [`${who}: ${service} ${message} ${count}`, spanText(firstSeen, lastSeen), ...where];
  return parts.filter((part) => part).join(', ');
}

/** The sum of further evidence: `37 more addresses: sshd 120, postfix 4, …`. */
function restText(rows: readonly Evidence[], shown: readonly Evidence[]): string {
  const logs = new Set(rows.map(({ log }) => log).filter((log) => log !== ''));
  const services = new Map<string, number>();
  for (const { service, count } of rows)
    services.set(service, (services.get(service) ?? 0) + count);
  const sums = [...services]
    .toSorted(([, p], [, q]) => q - p)
    .map(([name, sum]) => `${name} ${sum}`);
  const first = Math.min(...rows.map(({ firstSeen }) => firstSeen));
  const last = Math.max(...rows.map(({ lastSeen }) => lastSeen));
  const parts = [
    `${restOfText(addressesOf(rows), addressesOf(shown))}: ${sums.join(', ')}`,
    spanText(first, last),
  ];
  if (logs.size > 0) parts.push(`in ${nounText(logs.size, 'log', 'logs')}`);
  return parts.join(', ');
}

function addressesOf(rows: readonly Evidence[]): ReadonlySet<string> {
  return new Set(rows.map(({ address }) => (address ? formatAddress(address) : OTHERS)));
}

/** Of whom further evidence is: of more addresses, or of those that were shown too. */
function restOfText(addresses: ReadonlySet<string>, shown: ReadonlySet<string>): string {
  const all = Array.from(addresses);
  if (!all.some((address) => shown.has(address))) {
    return nounText(all.length, 'more address', 'more addresses');
  }
  return `more of ${all.length === 1 ? all[0] : nounText(all.length, 'address', 'addresses')}`;
}

function spanText(first: Seconds, last: Seconds): string {
  return first === last ? shortTime(first) : `${shortTime(first)} to ${shortTime(last)}`;
}

function* predictionLines(prediction: Prediction, policy: Policy, now: Seconds): Generator<string> {
  const { network, pendingPoints, next, whole, rules } = prediction;
  const full = policy.offence.points;
  if (pendingPoints > 0) {
    yield `  pending: ${pendingPoints} of ${full} points of ${shortPrefix(network)}`;
  }
  yield `  next offence: ${nextText(next, pendingPoints, policy, now)}`;
  if (whole) yield `  more offences: ${nextText(whole, pendingPoints, policy, now, full)}`;
  if (rules.length > 0) {
    yield `  rules may change this, depending on the event: ${rules.map(printable).join(', ')}`;
  }
}

/** @param least the points needed; default: those that the decision needs */
function nextText(
  next: Decision,
  pendingPoints: number,
  policy: Policy,
  now: Seconds,
  least?: number,
): string {
  const window = formatDuration(policy.offence.windowSeconds);
  const pointsText = (needed: number) => {
    const missing = needed - pendingPoints;
    return pendingPoints > 0 && missing > 0
      ? `${missing} more points within ${window}`
      : `${needed} points within ${window}`;
  };
  switch (next.kind) {
    case 'refused':
      if (next.protection.reason === 'login') {
        const limit = `${policy.trust.points} points within ${window}`;
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
      const needed = least ?? pointsNeeded({ ...next.entry, activations: activations - 1 }, policy);
      return `${pointsText(needed)} activate ${shortPrefix(prefix)} again ${lengthText(next.entry)}`;
    }
    case 'new':
      return `${pointsText(policy.offence.points)} block ${shortPrefix(next.entry.prefix)} ${lengthText(next.entry)}`;
  }
}

function extensionText(entry: Entry, policy: Policy, now: Seconds): string {
  if (entry.expiresAt === 'forever') return 'active forever';
  const missing = policy.persistent.days - entry.hitDays.length;
  const penalty = formatDuration(currentPenalty(entry, policy));
  if (missing <= 0) return `every hit extends it to ${penalty} from then`;
  const until = isActive(entry, now) ? shortTime(entry.expiresAt) : '-';
  return `hits on ${nounText(missing, 'more day', 'more days')} extend it to ${penalty} from then (now until ${until})`;
}
