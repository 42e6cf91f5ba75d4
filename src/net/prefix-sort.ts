import { PairSorter } from './radix-sort.ts';

/** Networks of one family, one word each for IPv4 and four for IPv6, and their lengths. */
export interface NetworkRun {
  readonly networks: Uint32Array;
  readonly lengths: Uint8Array;
}

/** By network, then the wider first. The input is not changed; if it is sorted, it is returned. */
export function sortNetworks4(run: NetworkRun): NetworkRun {
  if (isSorted4(run)) return run;
  const size = run.lengths.length;
  const work = new PairSorter(size);
  // Least significant first: each pass is stable.
  work.keys.set(run.lengths);
  work.values.set(run.networks);
  work.sort();
  work.swapKeysAndValues();
  work.sort();
  return { networks: work.keys, lengths: new Uint8Array(work.values) };
}

/** The same for IPv6: the indices are sorted, by length and then by each word. */
export function sortNetworks6(run: NetworkRun): NetworkRun {
  if (isSorted6(run)) return run;
  const { networks, lengths } = run;
  const size = lengths.length;
  const work = new PairSorter(size);
  work.keys.set(lengths);
  for (let index = 0; index < size; index++) work.values[index] = index;
  work.sort();
  for (let word = 3; word >= 0; word--) {
    const { keys, values } = work;
    for (let index = 0; index < size; index++) {
      keys[index] = networks[(values[index] ?? 0) * 4 + word] ?? 0;
    }
    work.sort();
  }
  return gather6(run, work.values);
}

function isSorted4({ networks, lengths }: NetworkRun): boolean {
  for (let index = 1; index < lengths.length; index++) {
    const before = networks[index - 1] ?? 0;
    const network = networks[index] ?? 0;
    if (before > network) return false;
    if (before === network && (lengths[index - 1] ?? 0) > (lengths[index] ?? 0)) return false;
  }
  return true;
}

function isSorted6({ networks, lengths }: NetworkRun): boolean {
  for (let index = 1; index < lengths.length; index++) {
    let at = index * 4;
    const end = at + 4;
    while (at < end && networks[at - 4] === networks[at]) at++;
    if (at === end) {
      if ((lengths[index - 1] ?? 0) > (lengths[index] ?? 0)) return false;
    } else if ((networks[at - 4] ?? 0) > (networks[at] ?? 0)) {
      return false;
    }
  }
  return true;
}

function gather6({ networks, lengths }: NetworkRun, order: Uint32Array): NetworkRun {
  const sorted = {
    networks: new Uint32Array(networks.length),
    lengths: new Uint8Array(lengths.length),
  };
  for (let index = 0; index < order.length; index++) {
    const at = order[index] ?? 0;
    const from = at * 4;
    const to = index * 4;
    sorted.networks[to] = networks[from] ?? 0;
    sorted.networks[to + 1] = networks[from + 1] ?? 0;
    sorted.networks[to + 2] = networks[from + 2] ?? 0;
    sorted.networks[to + 3] = networks[from + 3] ?? 0;
    sorted.lengths[index] = lengths[at] ?? 0;
  }
  return sorted;
}
