import { formatAddress, parseAddress } from '../net/address-text.ts';
import { formatPrefix, parsePrefix } from '../net/prefix-text.ts';
import type { SqlValue } from '../validation/sql-column.ts';
import { type FleetRow, readRow, textField, wholeField } from './fleet-row.ts';
import type { FleetOffence } from './fleet-store.ts';

/** Of one user; older ones are dropped. */
export const MAX_OFFENCES = 65_536;

export const OFFENCE_COLUMNS = [
  'network',
  'event',
  'address',
  'reported_by',
  'at',
  'service',
  'message',
  'points',
  'count',
] as const;

/** In the order of OFFENCE_COLUMNS. */
export function rowOfOffence(offence: FleetOffence): SqlValue[] {
  const { network, event, address, by, at, service, message, points, count } = offence;
  const where = [formatPrefix(network), event, formatAddress(address)];
  return [...where, by, at, service, message, points, count];
}

export function offenceOfRow(row: FleetRow): FleetOffence {
  return readRow('offence', row, () => {
    const address = parseAddress(textField(row, 'address'));
    if (address === undefined) throw new Error('address is not an address');
    return {
      network: parsePrefix(textField(row, 'network')),
      event: textField(row, 'event'),
      address,
      by: textField(row, 'reported_by'),
      at: wholeField(row, 'at'),
      service: textField(row, 'service'),
      message: textField(row, 'message'),
      points: wholeField(row, 'points'),
      count: wholeField(row, 'count'),
    };
  });
}
