import type { Prefix } from './prefix.ts';
import { PrefixList } from './prefix-list.ts';
import { parsePrefix } from './prefix-text.ts';
import { subtract } from './subtract.ts';

/** Wider prefixes are rarely intended: a typing error or a peer must not block a continent. */
export const WIDEST = { 4: 8, 6: 19 } as const;

/** Whether blocking the prefix needs --force. */
export function isTooWide({ family, length }: Prefix): boolean {
  return length < WIDEST[family];
}

/**
 * Bogons that are so wide, or make wider rules with their neighbours. No host of the internet is there,
 * and one packet with a forged source brings them back.
 */
const NO_HOSTS = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '127.0.0.0/8',
  '224.0.0.0/3',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
  'ff00::/8',
];

/**
 * Whether a rule of the firewall needs --force: what of it may have hosts is too wide.
 * @param confirmed what a person blocked, which needed --force then
 */
export function isRuleTooWide(rule: Prefix, confirmed?: PrefixList): boolean {
  if (!isTooWide(rule)) return false;
  const known = PrefixList.from([...NO_HOSTS.map(parsePrefix), ...(confirmed ?? [])]);
  return Array.from(subtract(PrefixList.from([rule]), known)).some(isTooWide);
}

/** The shortest prefix lengths that are allowed. */
export interface WidestLengths {
  readonly widest4: number;
  readonly widest6: number;
}

/** Whether the prefix is wider than these lengths. */
export function isWiderThan({ family, length }: Prefix, lengths: WidestLengths): boolean {
  return length < widestLengthOf(family, lengths);
}

export function widestLengthOf(
  family: Prefix['family'],
  { widest4, widest6 }: WidestLengths,
): number {
  return family === 4 ? widest4 : widest6;
}
