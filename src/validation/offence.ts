import type { Offence } from '../blocklist/offence.ts';
import { type Codec, object } from './codec.ts';
import { codecsOf, DETAIL_FIELDS, type Details } from './evidence.ts';
import { address, time, whole } from './values.ts';

/** What an offence says besides who, when and how many points. */
type OffenceDetails = Omit<Offence, 'at' | 'address' | 'points'>;

const FLAT = object({
  at: time(),
  address: address(),
  points: whole(1),
  ...codecsOf(DETAIL_FIELDS, 'json'),
});

/** A pending offence in an export. */
export const OFFENCE: Codec<Offence> = {
  ...FLAT,
  read: (value, path) => {
    const { at, address: offender, points, ...details } = FLAT.read(value, path);
    return { at, address: offender, points, ...offenceDetails(details) };
  },
  write: ({ at, address: offender, points, ...details }) =>
    FLAT.write({ at, address: offender, points, ...detailsOf(details) }),
};

export function detailsOf({ kind, ...others }: OffenceDetails): Details {
  return { ...kind, ...others };
}

/** The inverse of {@link detailsOf}. */
export function offenceDetails({
  service,
  message,
  log,
  host,
  ...others
}: Details): OffenceDetails {
  return { kind: { service, message, log, host }, ...others };
}
