import { nounText } from '../../count-text.ts';
import { shortPrefix } from '../../net/prefix-text.ts';
import type { UncountedProxy } from '../../store/likely-proxies.ts';

/** Of an entry for those who are only seen through a proxy: a packet filter never sees their packets. */
export function proxyText(proxy: string): string {
  return `recorded; its packets come from ${proxy}`;
}

/** Of a prefix that may be a proxy, and of which this many offences did not count. */
export function likelyProxyText({ prefix, offences }: UncountedProxy): string {
  const count = nounText(offences, 'offence', 'offences');
  return `${shortPrefix(prefix)}: ${count}; it may be a proxy (trusted-proxies)`;
}
