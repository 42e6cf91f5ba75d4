import { isActive, type Seconds } from '../../blocklist/entry.ts';
import type { Decision } from '../../blocklist/request.ts';
import { McblockError } from '../../errors.ts';
import { parseAddress } from '../../net/address-text.ts';
import type { Prefix } from '../../net/prefix.ts';
import type { PrefixList } from '../../net/prefix-list.ts';
import { parseMasked, parsePrefix } from '../../net/prefix-text.ts';
import { rangePrefixes } from '../../net/range.ts';
import { isExpiry } from '../../store/value.ts';
import { isSeconds } from '../../validation/time-text.ts';
import { BanTable, type CheckedBan } from './ban-table.ts';
import type { ForeignBan } from './foreign-ban.ts';
import { Neighbours } from './neighbours.ts';

/** A ban that was not imported. */
interface BanLeftOut {
  /** The line or row, from 1. */
  readonly number: number;
  readonly reason: string;
}

/** The result of an import: how many prefixes became what. */
export interface ImportedBans {
  prefixes: number;
  new: number;
  reactivated: number;
  /** Already on the blocklist. */
  covered: number;
  /** How many of the new and reactivated ones have expired: they are history. */
  expired: number;
  leftOut: number;
  /** The first bans that were left out. */
  readonly firstLeftOut: BanLeftOut[];
}

export interface ImportOptions {
  /** The name of the file, for messages. */
  readonly name: string;
  readonly now: Seconds;
  /** Take the network of a prefix whose host bits are set. */
  readonly mask: boolean;
  /** If anything is wrong, import nothing. */
  readonly isStrict: boolean;
  /**
   * Blocks a prefix. Throws McblockError if it may not be blocked.
   * @param isAlone whether no entry contains it or lies within it
   */
  readonly block: (ban: CheckedBan, isAlone: boolean) => Exclude<Decision, { kind: 'refused' }>;
  /** The prefixes of all entries. */
  readonly entries: () => PrefixList;
  /** Called from time to time with the number of bans read or imported so far. */
  readonly progress: (what: 'read' | 'imported', count: number) => void;
}

const MAX_TOLD = 20;
const PROGRESS_EVERY = 10_000;
/** Beyond this many bans, reading the prefixes of all entries is faster than looking up each. */
const MANY = 5000;

/**
 * Blocks all bans of a file, in a transaction that the caller began: the widest first, bans of one
 * prefix by their start. Bans that cannot be imported are left out; a strict import throws McblockError
 * with the line instead.
 */
export function importBans(bans: Iterable<ForeignBan>, options: ImportOptions): ImportedBans {
  const imported: ImportedBans = {
    prefixes: 0,
    new: 0,
    reactivated: 0,
    covered: 0,
    expired: 0,
    leftOut: 0,
    firstLeftOut: [],
  };
  const table = readBans(bans, imported, options);
  const neighbours = table.size < MANY ? undefined : new Neighbours(options.entries());
  let done = 0;
  for (const ban of table.sorted()) {
    if (++done % PROGRESS_EVERY === 0) options.progress('imported', done);
    const isAlone = neighbours?.isAlone(ban.prefix) ?? false;
    try {
      count(options.block(ban, isAlone), imported, options.now);
    } catch (error) {
      leaveOut(ban.number, error, imported, options);
    }
  }
  imported.firstLeftOut.sort((p, q) => p.number - q.number);
  return imported;
}

function readBans(
  bans: Iterable<ForeignBan>,
  imported: ImportedBans,
  options: ImportOptions,
): BanTable {
  const table = new BanTable();
  let done = 0;
  for (const ban of bans) {
    if (++done % PROGRESS_EVERY === 0) options.progress('read', done);
    try {
      const { number, since, until, reason = '' } = ban;
      for (const prefix of prefixesOf(ban, options.mask)) {
        table.push({ prefix, number, since, until, reason });
      }
    } catch (error) {
      leaveOut(ban.number, error, imported, options);
    }
  }
  return table;
}

/** The note of a ban: `fail2ban: sshd`. */
export function noteOf(program: string, reason: string): string {
  const text = reason === '' ? program : `${program}: ${reason}`;
  return text.replace(/[\p{Cc}\p{Cs}]/gu, '?');
}

/** Leaves the ban out; throws the error again if it concerns more than this ban. */
function leaveOut(
  number: number,
  error: unknown,
  imported: ImportedBans,
  { name, isStrict }: ImportOptions,
): void {
  if (!(error instanceof McblockError) || error.code === 'store') throw error;
  const { message } = error;
  if (isStrict) {
    const code = error.code === 'usage' ? 'input' : error.code;
    const text = `${name}:${number}: ${message} (nothing imported)`;
    throw new McblockError(code, text, { cause: error });
  }
  if (imported.leftOut++ < MAX_TOLD) imported.firstLeftOut.push({ number, reason: message });
}

/** Throws McblockError. */
function prefixesOf(ban: ForeignBan, mask: boolean): readonly Prefix[] {
  const { text, since = 0, until = 0, fault } = ban;
  if (fault !== undefined) throw new McblockError('input', fault);
  if (!isSeconds(since) || !isExpiry(until)) throw new McblockError('input', `${text}: bad time`);
  const dash = text.indexOf('-');
  if (dash < 0) return [mask ? parseMasked(text) : parsePrefix(text)];
  const first = parseAddress(text.slice(0, dash).trim());
  const last = parseAddress(text.slice(dash + 1).trim());
  const prefixes = first && last && rangePrefixes(first, last);
  // Anything else is parsed as a prefix: that error says what to write.
  return prefixes ?? [parsePrefix(text)];
}

function count(
  { kind, entry }: Exclude<Decision, { kind: 'refused' }>,
  imported: ImportedBans,
  now: Seconds,
): void {
  imported.prefixes++;
  if (kind === 'evidence') return;
  imported[kind]++;
  if (kind !== 'covered' && !isActive(entry, now)) imported.expired++;
}
