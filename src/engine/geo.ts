import { readFileSync } from 'node:fs';
import type { Reader } from 'mmdb-lib';

import type { Seconds } from '../blocklist/entry.ts';
import { errorOf } from '../errors.ts';
import type { Address } from '../net/address.ts';
import { formatAddress } from '../net/address-text.ts';

/** Looks up addresses in databases in MaxMind's format. */
export interface Geo {
  /** Country code, ISO 3166-1 alpha-2; undefined if the database does not know. */
  country(address: Address): string | undefined;
  /** The autonomous system: `AS64500 Example Net`. */
  network(address: Address): string | undefined;
}

/** Database files; an empty name for none. */
export interface GeoFiles {
  readonly country: string;
  readonly network: string;
}

const MAX_NETWORK_CHARACTERS = 100;

/** Undefined if no database is named. Throws McblockError('config') if one cannot be read. */
export async function loadGeo({ country, network }: GeoFiles): Promise<Geo | undefined> {
  if (country === '' && network === '') return undefined;
  const [countries, networks] = await Promise.all([country, network].map(openDatabase));
  return {
    country: (address) => countries && countryOf(countries(address)),
    network: (address) => networks && networkOf(networks(address)),
  };
}

/** The time at which a database was built. Throws McblockError('config') if it cannot be read. */
export async function buildTimeOf(file: string): Promise<Seconds> {
  return Math.floor((await readerOf(file)).metadata.buildEpoch.getTime() / 1000);
}

type Lookup = (address: Address) => unknown;

async function openDatabase(file: string): Promise<Lookup | undefined> {
  if (file === '') return undefined;
  const reader = await readerOf(file);
  return (address) => lookUp(reader, address);
}

async function readerOf(file: string): Promise<Reader<never>> {
  const { Reader: MmdbReader } = await import('mmdb-lib');
  try {
    return new MmdbReader<never>(readFileSync(file));
  } catch (cause) {
    throw errorOf('config', file, cause);
  }
}

/** The reader throws for IPv6 addresses if the database has only IPv4. */
function lookUp(reader: Reader<never>, address: Address): unknown {
  if (address.family === 6 && reader.metadata.ipVersion === 4) return undefined;
  return reader.get(formatAddress(address)) ?? undefined;
}

/** MaxMind and DB-IP use `country.iso_code`, others `country` itself. */
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
  return parts.length === 0 ? undefined : parts.join(' ').slice(0, MAX_NETWORK_CHARACTERS);
}

function field(record: unknown, name: string): unknown {
  return typeof record === 'object' && record !== null
    ? (record as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
