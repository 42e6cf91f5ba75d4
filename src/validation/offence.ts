import type { Offence } from '../blocklist/offence.ts';
import type { Codec } from './codec.ts';
import { object } from './codec.ts';
import { codecsOf, DETAIL_FIELDS, type Details } from './evidence.ts';
import { address, time, whole } from './values.ts';

const FLAT = object({
  at: time(),
  address: address(),
  points: whole(1),
  ...codecsOf(DETAIL_FIELDS, 'json'),
});

/** An offence that is pending, in an export. */
export const OFFENCE: Codec<Offence> = {
  ...FLAT,
  read: (value, path) => {
    const { at, address: offender, points, ...details } = FLAT.read(value, path);
    return { at, address: offender, points, ...offenceDetails(details) };
  },
  write: (offence) => {
    const { at, address: offender, points } = offence;
    return FLAT.write({ at, address: offender, points, ...detailsOf(offence) });
  },
};

export function detailsOf({ kind, count }: Omit<Offence, 'at' | 'address' | 'points'>): Details {
  return { ...kind, count };
}

/** The inverse of {@link detailsOf}. */
export function offenceDetails({
  count,
  ...kind
}: Details): Omit<Offence, 'at' | 'address' | 'points'> {
  return { kind, count };
}
