import { McblockError } from '../errors.ts';
import { PrefixList } from '../net/prefix-list.ts';
import { type Finished, runProgram, wordsOf } from '../process/run-program.ts';
import type { Firewall } from './firewall.ts';
import { type NftListing, readNftListing } from './nft-listing.ts';
import { setName, setsOf } from './nft-sets.ts';
import { nftChangeText, nftText } from './nft-text.ts';

/**
 * A table of our own in nftables, by nft(8) at this path. What is added is added in one
 * transaction, and only then is taken out what goes, in another: a packet that is under way while
 * one ends may be looked up in one set before it and in the next one after it, and must be found in
 * one of them. Packets of connections that are open are dropped too, so that there is nothing to
 * kill.
 */
export function nftFirewall(nft: string, table: string): Firewall {
  let listing: NftListing | undefined;
  return {
    name: `the nftables table inet ${table}`,
    read: async () => {
      listing = await list(nft, table);
      return listing?.rules;
    },
    add: async (added) => {
      const known = new Set(listing?.sets.map(setName));
      // A set that another program made meanwhile would be asked twice.
      if (listing === undefined || !setsOf(added).every((set) => known.has(setName(set)))) {
        return false;
      }
      const removed = new PrefixList();
      await load(nft, nftChangeText({ added, removed }, table, listing.sets));
      return true;
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

async function load(nft: string, input: Iterable<Uint8Array>): Promise<void> {
  checked(await runProgram(nft, ['-f', '-'], { input }));
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
    `nft failed: ${wordsOf(finished.stderr)}${advice === undefined ? '' : ` (${advice})`}`,
  );
}

/** What to do about what nft says. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/Operation not permitted|Permission denied/, 'run mcblock as root'],
  [/JSON support not compiled/, 'install an nft that is built with JSON'],
  [/Device or resource busy|Resource busy/, 'another program is changing it; run it again'],
  [/Message too long|No buffer space/, 'raise it with sysctl net.core.wmem_max'],
  [/Operation not supported|Protocol not supported/, 'this kernel has no nf_tables'],
];
