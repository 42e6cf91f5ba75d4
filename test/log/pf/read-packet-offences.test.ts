import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readPacketOffences } from '../../../src/log/pf/read-packet-offences.ts';
import { formatAddress } from '../../../src/net/address-text.ts';
import { prefixAround } from '../../../src/net/prefix.ts';
import { sourceOf } from '../lines-of.ts';

const NOW = Date.UTC(2026, 6, 1) / 1000;
const OPTIONS = { scanners: [], zone: 'UTC', points: new Map<string, number>(), known: () => [] };

/** `address:port` of each offence. */
async function peersOf(name: string, external: readonly string[]): Promise<string[]> {
  const log = readFileSync(new URL(`../../../fixtures/pf/${name}`, import.meta.url));
  const summary = await readPacketOffences(sourceOf(log, NOW), OPTIONS, new Set(external));
  const groups = [...summary.groups((address) => prefixAround(address, 0))];
  return groups.flatMap(({ offences }) =>
    Array.from(offences, ({ address, port }) => `${formatAddress(address)}:${port ?? 'none'}`),
  );
}

describe('the offences of a log of pf', () => {
  it('name the port of the peer, if the packet has one', async () => {
    expect(await peersOf('filterlog.log', ['igb0', 'pppoe0'])).toEqual([
      '192.0.2.7:40112',
      '198.51.100.9:40112',
      '192.0.2.7:none',
      '2001:db8:7::7:40112',
      '2001:db8:7::7:40112',
      'fe80::7:none',
      'fe80::7:none',
    ]);
    const peers = await peersOf('freebsd.pflog', ['em0', 'vtnet0']);
    expect(peers).toEqual(expect.arrayContaining(['192.0.2.7:40112', '192.0.2.7:none']));
  });

  it.each(['Nov 22 10:00:00 bsd sshd[1]: Server listening on 0.0.0.0 port 22.\n', '\0\n\0\n'])(
    'are missed with a warning in what no known program wrote',
    async (text) => {
      const { warnings } = await readPacketOffences(
        sourceOf(Buffer.from(text), NOW),
        OPTIONS,
        new Set(['em0']),
      );
      expect(warnings).toEqual([expect.stringContaining('no line or packet of it could be read')]);
    },
  );
});
