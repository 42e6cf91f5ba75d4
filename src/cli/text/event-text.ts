import type { Event } from '../../log/event.ts';
import type { Colours } from './colours.ts';
import { printable } from './printable.ts';

/** An event for people: line, time, service, message, address, user, points. */
export function eventLine(event: Event, colours: Colours): string {
  const { line, time, service, pid, address, user, points, count } = event;
  const who = service ? `${service}${pid === null ? '' : `[${pid}]`}` : '-';
  const parts = [
    String(line).padStart(6),
    time ?? '-'.padEnd(20),
    who.padEnd(14),
    paintedName(event, colours),
    address && colours.cyan(address),
    user !== null && `user "${printable(user)}"`,
    points && `${points} points`,
    count > 1 && `${count} times`,
  ];
  return parts.filter((part) => part).join('  ');
}

function paintedName({ event, service, offence }: Event, colours: Colours): string {
  if (event === null) return service ? colours.yellow('unmatched') : colours.dim('-');
  if (event === 'ambiguous') return colours.yellow(event);
  return offence ? colours.red(event) : event;
}
