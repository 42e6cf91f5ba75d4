import type { OffenceKind } from '../../src/blocklist/offence.ts';

const kinds = new Map<string, OffenceKind>();

/** The one object for offences of this kind. */
export function kindOf(
  service: string,
  message: string,
  log = 'auth.log',
  host = 'gate',
): OffenceKind {
  const key = JSON.stringify([service, message, log, host]);
  const seen = { service, message, log, host, proxy: '' };
  // What is only seen proves little.
  const kind = kinds.get(key) ?? (message === 'seen' ? { ...seen, isWitness: true } : seen);
  kinds.set(key, kind);
  return kind;
}
