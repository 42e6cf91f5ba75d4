import type { Prefix } from './prefix.ts';

/** Wider prefixes are rarely intended: a typing error or a peer must not block a continent. */
export const WIDEST = { 4: 8, 6: 19 } as const;

/** Whether blocking the prefix needs --force. */
export function isTooWide({ family, length }: Prefix): boolean {
  return length < WIDEST[family];
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
