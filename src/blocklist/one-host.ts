import type { Address } from '../net/address.ts';
import { automaticPrefix, type Policy } from './policy.ts';

/** Whether the automatic prefix has the addresses of one host alone, or of one IPv6 network. */
export function isOneHost(offender: Address, { auto }: Pick<Policy, 'auto'>): boolean {
  const ofHost = automaticPrefix(offender, { auto: { ...auto, length4: 32 } });
  return ofHost.length <= automaticPrefix(offender, { auto }).length;
}
