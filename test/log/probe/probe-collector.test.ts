import { describe, expect, it } from 'vitest';
import { BAD_PORTS } from '../../../src/log/probe/bad-ports.ts';
import { ProbeCollector } from '../../../src/log/probe/probe-collector.ts';
import { formatAddress } from '../../../src/net/address-text.ts';
import { hostPrefix } from '../../../src/net/prefix.ts';

function offencesOf(...chunks: string[]) {
  const collector = new ProbeCollector(({ message }) => (message === 'tcp/8080' ? 7 : undefined));
  for (const chunk of chunks) collector.push(Buffer.from(chunk));
  const { groups } = collector.take(1000);
  return Array.from(groups(hostPrefix), ({ offences }) => [...offences])
    .flat()
    .map(({ at, address, points, count, port, kind }) => ({
      at,
      who: formatAddress(address),
      points,
      count,
      port,
      what: `${kind.service} ${kind.message}`,
    }));
}

describe('ProbeCollector', () => {
  it('counts a port once: ten points if browsers refuse it, or what rules say', () => {
    expect(
      offencesOf('listening\n192.0.2.7 4711 23\n192.0.2.7 4712 23\n2001:db8::7 5 80', '80\n'),
    ).toEqual([
      { at: 1000, who: '192.0.2.7', points: 10, count: 2, port: 4712, what: 'probe tcp/23' },
      { at: 1000, who: '2001:db8::7', points: 7, count: 1, port: 5, what: 'probe tcp/8080' },
    ]);
  });

  it('counts each connection whose port is not known', () => {
    expect(offencesOf('::ffff:192.0.2.7 1 0\n::ffff:192.0.2.7 2 0\n')).toEqual([
      { at: 1000, who: '192.0.2.7', points: 6, count: 2, port: 2, what: 'probe tcp' },
    ]);
  });

  it('names sixteen ports of an address in a batch, and loses no connection', () => {
    const lines = Array.from({ length: 100 }, (_, port) => `192.0.2.7 1 ${port + 1000}\n`);
    const found = offencesOf(lines.join(''));
    expect(found).toHaveLength(17);
    expect(found.reduce((sum, { count }) => sum + count, 0)).toBe(100);
  });

  it('takes each event once', () => {
    const collector = new ProbeCollector(() => undefined);
    collector.push(Buffer.from('192.0.2.7 1 23\naccepted 1\n'));
    expect(collector.hasEvents).toBe(true);
    collector.take(1);
    expect(collector.hasEvents).toBe(false);
    expect([collector.collected, collector.accepted]).toEqual([1, 1]);
  });
});

describe('BAD_PORTS', () => {
  it('are those to which fetch refuses to connect', async () => {
    for (const port of [...BAD_PORTS, 24, 1024, 3306, 3389, 5900, 8080, 65_535]) {
      expect([port, await isRefused(port)]).toEqual([port, BAD_PORTS.has(port)]);
    }
  });
});

async function isRefused(port: number): Promise<boolean> {
  const fetched = fetch(`http://127.0.0.1:${port}`).then(
    () => '',
    (error: unknown) => String((error as { cause?: unknown }).cause),
  );
  return (await fetched).includes('bad port');
}
