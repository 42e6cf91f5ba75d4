import type { Prefix } from './prefix.ts';

/** Wider ones are seldom meant: a slip of the keyboard or a peer must not block a continent. */
export const WIDEST = { 4: 8, 6: 19 } as const;

/** Whether it is wider than what is blocked without being said twice. */
export function isTooWide({ family, length }: Prefix): boolean {
  return length < WIDEST[family];
}
