/** A bar of the given share of a width, at least one column unless the share is 0. */
export function bar(share: number, width: number, isBlock: boolean): string {
  if (share <= 0) return '';
  return (isBlock ? '█' : '#').repeat(Math.max(1, Math.round(share * width)));
}
