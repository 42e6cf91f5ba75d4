/** An integer with thousands separators: `1,234,567`. toLocaleString takes 10 ms to load its data. */
export function countText(count: number | bigint): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `1 entry`, `1,234 entries` */
export function nounText(count: number, one: string, many: string): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}
