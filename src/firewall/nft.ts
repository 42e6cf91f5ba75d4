import { McblockError } from '../errors.ts';
import { PrefixList } from '../net/prefix-list.ts';
import { Program } from '../process/program.ts';
import { type Finished, feedProgram, runProgram, wordsOf } from '../process/run-program.ts';
import type { Firewall } from './firewall.ts';
import { type NftListing, readNftListing } from './nft-listing.ts';
import { setName, setsOf } from './nft-sets.ts';
import { nftChangeText, nftText } from './nft-text.ts';

/**
 * A table of our own in nftables, managed with nft(8) at this path. Prefixes are added in one
 * transaction and removed in a second one: a packet may be looked up in one set before a transaction
 * and in the next set after it, and must be found in one of them. Packets of established connections
 * are dropped too, so that there are no states to kill.
 */
export function nftFirewall(nft: string, table: string): Firewall {
  let listing: NftListing | undefined;
  let standby: Program | undefined;
  const start = () => new Program(nft, LOAD);
  return {
    name: `nftables table inet ${table}`,
    read: async () => {
      listing = await list(nft, table);
      return listing?.rules;
    },
    add: async (added) => {
      const known = new Set(listing?.sets.map(setName));
      // A set that another program created meanwhile would be looked up twice.
      if (listing === undefined || !setsOf(added).every((set) => known.has(setName(set)))) {
        return false;
      }
      const removed = new PrefixList();
      const input = nftChangeText({ added, removed }, table, listing.sets);
      const program = standby ?? start();
      standby = undefined;
      checked(await feedProgram(program, { input }));
      return true;
    },
    prepare: () => {
      standby ??= start();
    },
    release: () => {
      standby?.end('was not needed');
      standby = undefined;
    },
    change: async (change) => {
      if (change.whole || listing === undefined) return load(nft, nftText(change.wanted, table));
      const { added, removed } = change;
      const none = new PrefixList();
      if (added.size > 0)
        await load(nft, nftChangeText({ added, removed: none }, table, listing.sets));
      if (removed.size > 0)
        await load(nft, nftChangeText({ added: none, removed }, table, listing.sets));
    },
  };
}

/** Loads a script from stdin, once that is at its end. */
const LOAD = ['-f', '-'];

async function load(nft: string, input: Iterable<Uint8Array>): Promise<void> {
  checked(await runProgram(nft, LOAD, { input }));
}

async function list(nft: string, table: string): Promise<NftListing | undefined> {
  const finished = await runProgram(nft, ['-j', 'list', 'table', 'inet', table]);
  if (!finished.ok && /No such file or directory/.test(finished.stderr)) return undefined;
  return readNftListing(checked(finished).stdout.toString('utf8'));
}

function checked(finished: Finished): Finished {
  if (finished.ok) return finished;
  const advice = ADVICE.find(([words]) => words.test(finished.stderr))?.[1];
  throw new McblockError(
    'program',
    `nft: ${wordsOf(finished.stderr)}${advice === undefined ? '' : ` (${advice})`}`,
  );
}

/** What to do about errors of nft. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/Operation not permitted|Permission denied/, 'run mcblock as root'],
  [/JSON support not compiled/, 'install an nft built with JSON support'],
  [/Device or resource busy|Resource busy/, 'another program is changing the table; try again'],
  [/Message too long|No buffer space/, 'raise sysctl net.core.wmem_max'],
  [/Operation not supported|Protocol not supported/, 'the kernel lacks nf_tables'],
];
