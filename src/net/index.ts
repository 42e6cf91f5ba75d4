/**
 * Addresses and prefixes as values: parsing, formatting, containment, longest match, coalescing and
 * subtraction. Pure; nothing here touches a file or the network.
 */
export { McblockError } from '../errors.ts';
export { type Address, addressOf, compareAddresses, type Family } from './address.ts';
export { formatAddress, parseAddress } from './address-text.ts';
export { coalesce } from './coalesce.ts';
export {
  comparePrefixes,
  contains,
  containsPrefix,
  hostPrefix,
  lastAddress,
  overlaps,
  type Prefix,
  prefixAround,
} from './prefix.ts';
export { PrefixList } from './prefix-list.ts';
export { type Match, PrefixMap } from './prefix-map.ts';
export { type PrefixesRead, readPrefixes } from './prefix-reader.ts';
export { formatPrefix, parsePrefix, shortPrefix } from './prefix-text.ts';
export { subtract } from './subtract.ts';
