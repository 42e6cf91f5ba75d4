import { nounText } from '../../count-text.ts';
import { shortPrefix } from '../../net/prefix-text.ts';
import type { UncountedProxy } from '../../store/likely-proxies.ts';

/** For an entry whose offenders come through a proxy: a packet filter never sees their packets. */
export function proxyText(proxy: string): string {
  return `recorded; its packets come from ${proxy}`;
}

/** For a prefix that may be a proxy, with the number of its offences that did not count. */
export function likelyProxyText({ prefix, offences }: UncountedProxy): string {
  const count = nounText(offences, 'offence', 'offences');
  return `${shortPrefix(prefix)}: ${count}; it may be a proxy (trusted-proxies)`;
}
