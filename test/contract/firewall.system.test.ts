import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe } from 'vitest';
import { fileFirewall } from '../../src/firewall/file.ts';
import { nftFirewall } from '../../src/firewall/nft.ts';
import { pfFirewall } from '../../src/firewall/pf.ts';
import { directPfctl } from '../../src/firewall/pfctl.ts';
import { comparePrefixes, type Prefix, prefixAround } from '../../src/net/prefix.ts';
import { formatPrefix, parsePrefix } from '../../src/net/prefix-text.ts';
import { Namespace, NO_NAMESPACES } from '../firewall/namespace.ts';
import { PfMachine } from '../firewall/pf-machine.ts';
import { firewallContract } from './firewall-contract.ts';

const open: { remove(): void }[] = [];

afterEach(() => {
  for (const one of open.splice(0)) one.remove();
});

firewallContract('pf (its stand-in)', () => {
  const machine = new PfMachine();
  open.push(machine);
  return {
    firewall: pfFirewall(directPfctl(machine.pfctl, 'mcblock'), 'mcblock'),
    // As inet_ntop(3) writes them: ::16.0.0.0/124.
    truth: () => textsOf((machine.state.tables['mcblock'] ?? []).map(parsePrefix)),
    flush: () => machine.set({ tables: {} }),
    spoil: () => {
      const table = machine.state.tables['mcblock'] ?? [];
      machine.set({ tables: { mcblock: ['!3.3.3.3/32', ...table.slice(1)] } });
    },
  };
});

firewallContract('a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcblock-file-'));
  open.push({ remove: () => rmSync(folder, { recursive: true }) });
  const file = join(folder, 'pf.blocked');
  return {
    firewall: fileFirewall(file, []),
    truth: () => {
      try {
        return readFileSync(file, 'utf8').split('\n').slice(0, -1);
      } catch {
        return [];
      }
    },
    flush: () => rmSync(file),
    spoil: () => writeFileSync(file, 'no prefix\n9.9.9.9/32\n'),
  };
});

describe.skipIf(NO_NAMESPACES)(
  `nftables, for real${NO_NAMESPACES ? `: ${NO_NAMESPACES}` : ''}`,
  () => {
    firewallContract('nftables', () => {
      const namespace = new Namespace();
      open.push(namespace);
      return {
        firewall: nftFirewall(namespace.nft, 'mcblock'),
        truth: () => elementsOf(namespace.run('nft', 'list', 'ruleset')),
        flush: () => namespace.nftables('flush ruleset'),
        spoil: () => namespace.nftables('flush chain inet mcblock block'),
      };
    });
  },
);

/** The elements of the sets as `nft list` writes them for people. */
function elementsOf(ruleset: string): string[] {
  const sets = [...ruleset.matchAll(/set ip6?_(\d+) \{[^}]*?elements = \{([^}]*)\}/g)];
  return textsOf(
    sets.flatMap(([, length, elements = '']) =>
      elements.split(',').map((text) => prefixAround(parsePrefix(text.trim()), Number(length))),
    ),
  );
}

function textsOf(prefixes: readonly Prefix[]): string[] {
  return prefixes.toSorted(comparePrefixes).map(formatPrefix);
}
