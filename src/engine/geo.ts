import { readFileSync } from 'node:fs';
import type { Reader } from 'mmdb-lib';
import type { Config } from '../cli/config/config.ts';
import { McblockError, reasonOf } from '../errors.ts';
import type { Address } from '../net/address.ts';
import { formatAddress } from '../net/address-text.ts';

/** Where addresses are, by databases in MaxMind's format. */
export interface Geo {
  /** ISO 3166-1, two letters; undefined where the database does not know. */
  country(address: Address): string | undefined;
  /** The autonomous system: `AS64500 Example Net`. */
  network(address: Address): string | undefined;
}

const NETWORK_LIMIT_CHARACTERS = 100;

/** Undefined where the configuration names no database. Throws McblockError('config'). */
export async function loadGeo(config: Config): Promise<Geo | undefined> {
  const files = [config.get('geo.country'), config.get('geo.network')];
  if (files.every((file) => file === '')) return undefined;
  const [countries, networks] = await Promise.all(files.map(openDatabase));
  return {
    country: (address) => countries && countryOf(countries(address)),
    network: (address) => networks && networkOf(networks(address)),
  };
}

type Lookup = (address: Address) => unknown;

async function openDatabase(file: string): Promise<Lookup | undefined> {
  if (file === '') return undefined;
  const { Reader: MmdbReader } = await import('mmdb-lib');
  try {
    const reader: Reader<never> = new MmdbReader(readFileSync(file));
    return (address) => lookUp(reader, address);
  } catch (cause) {
    throw new McblockError('config', `cannot read the database ${file}: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

/** A database of IPv4 alone has nothing to say of IPv6, and says so by throwing. */
function lookUp(reader: Reader<never>, address: Address): unknown {
  if (address.family === 6 && reader.metadata.ipVersion === 4) return undefined;
  return reader.get(formatAddress(address)) ?? undefined;
}

/** MaxMind and DB-IP have it in `country.iso_code`, others as `country` itself. */
function countryOf(record: unknown): string | undefined {
  const country = field(record, 'country') ?? field(record, 'registered_country');
  const code = field(country, 'iso_code') ?? field(record, 'country_code') ?? country;
  return typeof code === 'string' && /^[A-Z]{2}$/.test(code) ? code : undefined;
}

function networkOf(record: unknown): string | undefined {
  const number = field(record, 'autonomous_system_number') ?? field(record, 'asn');
  const name = field(record, 'autonomous_system_organization') ?? field(record, 'as_name');
  const parts = [
    typeof number === 'number' ? `AS${number}` : number,
    name ?? field(record, 'name'),
  ].filter((part) => typeof part === 'string');
  return parts.length === 0 ? undefined : parts.join(' ').slice(0, NETWORK_LIMIT_CHARACTERS);
}

function field(record: unknown, name: string): unknown {
  return typeof record === 'object' && record !== null
    ? (record as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
