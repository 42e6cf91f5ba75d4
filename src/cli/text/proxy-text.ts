/** Of an entry for those who are only seen through a proxy: a packet filter never sees their packets. */
export function proxyText(proxy: string): string {
  return `recorded; its packets come from ${proxy}`;
}
