import { McblockError } from '../errors.ts';
import { PrefixList } from '../net/prefix-list.ts';
import { type Finished, runProgram, wordsOf } from '../process/run-program.ts';
import type { Firewall } from './firewall.ts';
import { type NftListing, readNftListing } from './nft-listing.ts';
import { NftSession } from './nft-session.ts';
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
  let session: NftSession | undefined;
  /** Some builds of nft are not. */
  let isInteractive = true;
  const runInSession = async (script: string): Promise<string | undefined> => {
    const running = session;
    if (running === undefined) return undefined;
    session = undefined;
    const stderr = await running.run(script);
    isInteractive = running.answers > 0;
    const isKept = stderr !== undefined && running.answers < MAX_ANSWERS && session === undefined;
    if (isKept) session = running;
    else running.end();
    return stderr;
  };
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
      const input = [...nftChangeText({ added, removed }, table, listing.sets)];
      const isShort = added.size <= MAX_IN_SESSION;
      const stderr = isShort ? await runInSession(Buffer.concat(input).toString()) : undefined;
      if (stderr === undefined) await load(nft, input);
      else checked({ ok: stderr === '', stderr });
      return true;
    },
    prepare: () => {
      if (isInteractive) session ??= new NftSession(nft);
    },
    release: () => {
      session?.end();
      session = undefined;
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

/** Some builds keep every command, for the person that they take for their user. */
const MAX_ANSWERS = 1000;
/** An interactive nft reads a long line slower than a script. */
const MAX_IN_SESSION = 256;

async function load(nft: string, input: Iterable<Uint8Array>): Promise<void> {
  checked(await runProgram(nft, ['-f', '-'], { input }));
}

async function list(nft: string, table: string): Promise<NftListing | undefined> {
  const finished = await runProgram(nft, ['-j', 'list', 'table', 'inet', table]);
  if (!finished.ok && /No such file or directory/.test(finished.stderr)) return undefined;
  return readNftListing(checked(finished).stdout.toString('utf8'));
}

function checked<F extends Pick<Finished, 'ok' | 'stderr'>>(finished: F): F {
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
