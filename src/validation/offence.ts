import type { Offence } from '../blocklist/offence.ts';
import { addedLater, type Codec, lazy, nullable, object } from './codec.ts';
import { codecsOf, DETAIL_FIELDS, type Details } from './evidence.ts';
import { address, time, whole } from './values.ts';

/** What an offence says besides who, when and how many points. */
type OffenceDetails = Omit<Offence, 'at' | 'address' | 'points' | 'user' | 'key' | 'isJudged'>;

const FLAT = lazy(() =>
  object({
    at: time(),
    address: address(),
    points: whole(1),
    user: addedLater(nullable(whole(1))),
    ...codecsOf(DETAIL_FIELDS, 'json'),
  }),
);

/** A pending offence in an export. */
export const OFFENCE: Codec<Offence> = lazy(() => ({
  ...FLAT,
  read: (value, path) => {
    const { at, address: offender, points, user, ...details } = FLAT.read(value, path);
    return { at, address: offender, points, user, ...offenceDetails(details) };
  },
  write: ({ at, address: offender, points, user, kind, port, count }) =>
    FLAT.write({ at, address: offender, points, user, ...detailsOf({ kind, port, count }) }),
}));

export function detailsOf({ kind, ...others }: OffenceDetails): Details {
  const { users: _, rule = '', ...named } = kind;
  return { ...named, rule, ...others };
}

/** The inverse of {@link detailsOf}. */
export function offenceDetails({
  service,
  message,
  log,
  host,
  proxy,
  rule,
  ...others
}: Details): OffenceDetails {
  const kind = { service, message, log, host, proxy };
  return { kind: rule === '' ? kind : { ...kind, rule }, ...others };
}
