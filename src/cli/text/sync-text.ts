import type { PublishedTables } from '../../engine/sync/publish-pf-tables.ts';
import type { SyncRound } from '../../engine/sync/sync-round.ts';

/** `pf: 1 new; 2 reported, 0 pending; fleet: 3 recorded, 0 expired`. */
export function roundText(round: SyncRound): string {
  const { recorded, published, sent, pending, waiting, setAside, deferred, caughtUp } = round;
  const parts: string[] = [];
  if (recorded !== undefined && recorded.fresh > 0) {
    const spared = recorded.spared > 0 ? ` (${recorded.spared} protected)` : '';
    parts.push(`pf: ${recorded.fresh} new${spared}`);
  }
  if (published !== undefined && published.published > 0) parts.push(publishedText(published));
  const refused = sent !== undefined && sent.refused > 0 ? `${sent.refused} refused, ` : '';
  const held = sent !== undefined && sent.held > 0 ? `, ${sent.held} held (fleet.quorum)` : '';
  const aside = setAsideText(setAside, 'set aside') + setAsideText(deferred, 'deferred') + held;
  const single = pending > 0 ? `${pending} offences without a block, ` : '';
  parts.push(`${sent?.reported ?? 0} reported, ${single}${refused}${waiting} pending${aside}`);
  if (caughtUp === undefined) parts.push('nothing fetched');
  else {
    const { blocked, expired, allowed, refused: own, held: others, behind } = caughtUp;
    const rest = [
      ...(allowed > 0 ? [`${allowed} allow-list changes`] : []),
      ...(own > 0 ? [`${own} refused (protected, too wide or too many addresses)`] : []),
      ...(others > 0 ? [`${others} held (fleet.quorum)`] : []),
      ...(behind > 0 ? ['more to fetch'] : []),
    ];
    parts.push([`fleet: ${blocked} recorded, ${expired} expired`, ...rest].join(', '));
  }
  return parts.join('; ');
}

/** `3 published, 1 protected`. */
export function publishedText({ published, spared, left }: PublishedTables): string {
  const more = [
    ...(spared > 0 ? [`${spared} protected`] : []),
    ...(left > 0 ? [`${left} left`] : []),
  ];
  return [`${published} published`, ...more].join(', ');
}

/** `, 3 set aside (reason; reason)`: reports that the API did not take. */
function setAsideText({ count, reasons }: SyncRound['setAside'], what: string): string {
  if (count === 0) return '';
  return `, ${count} ${what} (${reasons.map(({ reason }) => reason).join('; ')})`;
}

export function roundJson(round: SyncRound): object {
  const { recorded, published, sent, pending, waiting } = round;
  const { setAside, deferred, caughtUp, failures } = round;
  return {
    recorded: recorded ?? null,
    published: published ?? null,
    sent: sent ?? null,
    pending,
    waiting,
    setAside,
    deferred,
    fetched: caughtUp ?? null,
    failures: failures.map(({ message }) => message),
  };
}
