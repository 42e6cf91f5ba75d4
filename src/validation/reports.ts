import { contains } from '../net/prefix.ts';
import { checked, lazy, object, optional } from './codec.ts';
import { codecsOf, DETAIL_FIELDS } from './evidence.ts';
import {
  address,
  boolean,
  expiry,
  matching,
  oneOf,
  prefix,
  printableText,
  time,
  whole,
} from './values.ts';

/** Reports of version 2 of the API, as the outbox writes and the server reads them. */

/** The sender makes up a key for each report; a report with a known key counts nothing. */
const ANY_KEY = matching(
  /^[A-Za-z0-9._:-]{8,64}$/,
  '8 to 64 letters, digits, dots, colons, - and _',
);
const KEY = optional(ANY_KEY, undefined);

const MAX_POINTS = 1_000_000;

const NOTE = optional(printableText(255), '');

export const OFFENCE_REPORT = lazy(() =>
  checked(
    object({
      type: oneOf('offence'),
      key: KEY,
      address: address(),
      /** What the machine itself blocks; if missing, the fleet's policy decides. */
      prefix: optional(prefix(1), undefined),
      /** The last of the offences. */
      at: time(),
      firstSeen: optional(time(), undefined),
      origin: optional(oneOf('grok', 'pf'), 'grok'),
      ...codecsOf(DETAIL_FIELDS, 'wire'),
    }),
    ({ at, firstSeen = at, prefix: blocked, address: offender }) => {
      if (firstSeen > at) return 'firstSeen must not be later than at';
      if (blocked === undefined || contains(blocked, offender)) return undefined;
      return 'prefix does not contain address';
    },
  ),
);

export const BLOCK_REPORT = lazy(() =>
  object({
    type: oneOf('block'),
    key: KEY,
    prefix: prefix(1),
    /** null is for ever; if missing, the penalty decides. */
    until: optional(expiry(), undefined),
    exact: optional(boolean(), false),
    note: NOTE,
  }),
);

export const EXPIRE_REPORT = lazy(() =>
  object({ type: oneOf('expire'), key: KEY, prefix: prefix(1) }),
);

/** Withdraws the latest activation of exactly this prefix, which the sender reported. */
export const WITHDRAW_REPORT = lazy(() =>
  object({ type: oneOf('withdraw'), key: KEY, prefix: prefix(1) }),
);

/**
 * Offences at one machine that blocked nobody there. Says no more of them than the server needs to add
 * them up over all machines: no user, log or host.
 */
export const PENDING_REPORT = lazy(() =>
  object({
    type: oneOf('pending'),
    /** That of the event, which is the same on every machine that logs it. */
    key: ANY_KEY,
    address: address(),
    at: time(),
    service: DETAIL_FIELDS.service.wire,
    message: DETAIL_FIELDS.message.wire,
    /** 0 takes back what the sender reported of the address. */
    points: whole(0, MAX_POINTS),
    count: DETAIL_FIELDS.count.wire,
  }),
);

/** What `POST` and `DELETE /v2/allow` take. */
export const ALLOW_REPORT = lazy(() => object({ prefix: prefix(1), note: NOTE }));
