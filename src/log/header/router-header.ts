import { readCtime } from './ctime.ts';
import { type Header, setMessage } from './header.ts';
import { isSelector, readProgram } from './program-part.ts';

const SPACE = 0x20;

/**
 * `Sun Nov 22 10:00:00 2026 authpriv.info dropbear[4711]: message`, as OpenWrt's logread writes it,
 * without a host.
 */
export function readRouterHeader(
  bytes: Uint8Array,
  start: number,
  end: number,
  header: Header,
): boolean {
  const at = readCtime(bytes, start, end, header);
  if (at < 0 || at >= end || bytes[at] !== SPACE) return false;
  let selectorEnd = at + 1;
  while (selectorEnd < end && bytes[selectorEnd] !== SPACE) selectorEnd++;
  if (selectorEnd === end || !isSelector(bytes, at + 1, selectorEnd)) return false;
  const rest = selectorEnd + 1;
  setMessage(header, rest);
  readProgram(bytes, rest, end, header, false);
  return true;
}
