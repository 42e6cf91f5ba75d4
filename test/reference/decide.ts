import type { Entry, Expiry } from '../../src/blocklist/entry.ts';
import { DAY_SECONDS, type Policy } from '../../src/blocklist/policy.ts';
import type { Decision, Protection, Request } from '../../src/blocklist/request.ts';
import type { Address } from '../../src/net/address.ts';
import {
  containsPrefix,
  hostPrefix,
  overlaps,
  type Prefix,
  prefixAround,
} from '../../src/net/prefix.ts';

/** Decides a request by the sentences of the rules, one after the other. */
export function slowDecide(
  entries: readonly Entry[],
  protections: readonly Protection[],
  request: Request,
  policy: Policy,
  now: number,
): Decision {
  // A time in the future counts as now.
  const t = request.at > now ? now : request.at;
  const byHand = request.kind === 'manual';

  // An automatic request is refused if the offender itself is protected. One by hand is refused
  // where it overlaps the allow-list or this host, unless it is forced.
  let prefix: Prefix;
  if (byHand) {
    prefix = request.prefix;
    const inTheWay = protections.filter(
      (p) => ['allowed', 'own'].includes(p.reason) && overlaps(p.prefix, request.prefix),
    );
    if (inTheWay.length > 0 && !request.force) {
      return { kind: 'refused', protection: inTheWay[0]! };
    }
  } else {
    const host = hostPrefix(request.offender);
    const around = protections.find((p) => containsPrefix(p.prefix, host));
    if (around !== undefined) return { kind: 'refused', protection: around };
    // The source of a packet from outside can be forged: it speaks for its address alone.
    prefix = request.external
      ? host
      : (request.prefix ??
        prefixAround(request.offender, automaticLength(request.offender, policy)));
  }

  // What contains the offender, or all that a person asked for. The widest comes first.
  const wanted = byHand ? prefix : hostPrefix(request.offender);
  const supernets: Entry[] = [];
  for (let length = 0; length <= wanted.length; length++) {
    for (const entry of entries) {
      if (entry.prefix.length === length && containsPrefix(entry.prefix, wanted))
        supernets.push(entry);
    }
  }
  const isNarrower = (entry: Entry) =>
    entry.prefix.length > prefix.length && containsPrefix(prefix, entry.prefix);
  // Enough points block the prefix itself, and narrower entries have no say.
  const isFull = !byHand && request.points >= policy.offence.points;
  const blocksAt = (entry: Entry) =>
    entry.activatedAt !== undefined &&
    (byHand || entry.activatedAt <= t) &&
    end(entry.expiresAt) > t;
  const active = supernets.filter(blocksAt);
  const lastEnd = Math.max(...active.map((entry) => end(entry.expiresAt)));
  const longest = active.findLast((entry) => end(entry.expiresAt) === lastEnd);
  const itself = supernets.find((entry) => entry.prefix.length === prefix.length);

  const seen = (entry: Entry) => ({
    ...entry,
    lastSeen: Math.max(entry.lastSeen ?? t, t),
    note: byHand && request.note !== '' ? request.note : entry.note,
  });

  const isShielded = active.length > 0 && (!isFull || active.some((entry) => !isNarrower(entry)));
  if (request.kind === 'automatic' && longest !== undefined && isShielded) {
    // Its hits and last-seen grow. If hits came on so many distinct days, its expiry moves.
    const today = Math.floor(t / DAY_SECONDS);
    const days = [...new Set([...longest.hitDays, today])].toSorted((p, q) => p - q);
    while (days.length > policy.persistent.days) days.shift();
    let expiresAt = longest.expiresAt;
    // What somebody expired by hand stays so.
    const isOver = longest.endedAt !== undefined;
    if (days.length === policy.persistent.days && expiresAt !== 'forever' && !isOver) {
      expiresAt = Math.max(expiresAt, t + slowPenalty(longest.activations, policy));
    }
    return {
      kind: 'covered',
      entry: { ...seen(longest), hits: longest.hits + request.hits, hitDays: days, expiresAt },
      extended: expiresAt !== longest.expiresAt,
    };
  }
  if (request.kind === 'manual') {
    const isActive = itself !== undefined && active.includes(itself);
    const activations = isActive ? itself.activations : 1 + mostBefore(itself);
    const asked: Expiry = request.until ?? t + slowPenalty(activations, policy);
    // Already covered, if the active entry outlasts what was asked for.
    if (longest !== undefined && end(longest.expiresAt) >= end(asked)) {
      return { kind: 'covered', entry: { ...seen(longest), endedAt: undefined }, extended: false };
    }
    // Asked again for the same prefix, the later expiry wins.
    if (isActive) {
      const entry = { ...seen(itself), expiresAt: asked, endedAt: undefined };
      return { kind: 'covered', entry, extended: true };
    }
  }

  const eligible = supernets.filter((entry) => {
    if (isNarrower(entry)) return !isFull;
    if (entry === itself) return true;
    const isExternal = !byHand && request.external;
    // Its owner changed their mind.
    if (entry.endedAt !== undefined) return false;
    if (entry.origin === 'bogon') return isExternal;
    if (entry.prefix.length >= automaticLength(entry.prefix, policy)) return true;
    if (isExternal) return false;
    // Only a person's decision is that wide: the owner's of this machine, or an administrator's.
    const isByOwner = entry.by === '' && ['manual', 'import'].includes(entry.origin);
    if (!isByOwner && !entry.byAdmin) return false;
    const { widest4, widest6 } = policy.reactivate;
    return entry.prefix.length >= (entry.prefix.family === 4 ? widest4 : widest6);
  });
  const hits = byHand ? 0 : request.hits;

  // Older than the latest activation: evidence only.
  const later = eligible.find((entry) => entry.activatedAt !== undefined && entry.activatedAt > t);
  if (!byHand && later !== undefined) {
    const firstSeen = Math.min(later.firstSeen ?? t, t);
    return { kind: 'evidence', entry: { ...later, hits: later.hits + hits, firstSeen } };
  }

  // The widest eligible expired one is activated again; otherwise the prefix is a new entry.
  const mayComeBack = (entry: Entry) => {
    if (byHand) return !blocksAt(entry) && (!request.exact || entry === itself);
    if (request.external) return true;
    const isWide = entry.prefix.length < (entry.prefix.family === 4 ? 16 : 32);
    if (isWide && request.isReported) return false;
    // One failed login up to /16 (IPv6: /32).
    if (isFull) return true;
    return entry.activations > 0 && !isWide && request.points >= policy.reactivate.points;
  };
  const back = eligible.find(mayComeBack) ?? eligible.find((entry) => entry === itself && !byHand);
  // The prefix itself goes on from what any entry within it had; a wider one from its own.
  const isItself = back === undefined || back === itself;
  const activations =
    isItself && (byHand || isFull) ? 1 + mostBefore(back) : (back?.activations ?? 0) + 1;
  const entry: Entry = {
    prefix: back?.prefix ?? prefix,
    origin: back?.origin ?? request.origin,
    by: back?.by ?? request.maker?.by ?? '',
    byAdmin: back?.byAdmin ?? request.maker?.byAdmin ?? false,
    note: (byHand && request.note) || (back?.note ?? ''),
    activations,
    hits: (back?.hits ?? 0) + hits,
    firstSeen: Math.min(back?.firstSeen ?? t, t),
    lastSeen: Math.max(back?.lastSeen ?? t, t),
    activatedAt: t,
    expiresAt: (byHand ? request.until : undefined) ?? t + slowPenalty(activations, policy),
    endedAt: undefined,
    hitDays: [],
  };
  const own = back?.activations ?? 0;
  const inherits =
    activations > own + 1
      ? entries.find((inner) => isNarrower(inner) && inner.activations === activations - 1)?.prefix
      : undefined;
  if (back === undefined) return { kind: 'new', entry, inherits };
  return { kind: 'reactivated', entry, inherits, wider: back.prefix.length < prefix.length };

  function mostBefore(of: Entry | undefined): number {
    const within = byHand && request.exact ? [] : entries.filter(isNarrower);
    return Math.max(of?.activations ?? 0, ...within.map((inner) => inner.activations));
  }
}

export function automaticLength({ family }: Address, { auto }: Policy): number {
  return family === 4 ? auto.length4 : auto.length6;
}

/** Doubles as often as it takes. */
function slowPenalty(activations: number, policy: Policy): number {
  let seconds = policy.penalty.firstSeconds;
  for (let n = 1; n < activations && seconds < policy.penalty.longestSeconds; n++) seconds *= 2;
  return Math.min(seconds, policy.penalty.longestSeconds);
}

function end(expiry: Expiry): number {
  return expiry === 'forever' ? Number.POSITIVE_INFINITY : expiry;
}
