import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyLine } from '../../src/log/line.ts';
import { readEvents } from '../../src/log/read-events.ts';
import { loadScanners } from '../../src/log/scanners.ts';
import { memorySource } from '../../src/log/source.ts';
import { TrustedProxies } from '../../src/log/trusted-proxies.ts';
import { addressOf } from '../../src/net/address.ts';
import { formatAddress, parseAddress } from '../../src/net/address-text.ts';
import { formatPrefix, parsePrefix } from '../../src/net/prefix-text.ts';

const PROXIES = ['198.51.100.0/24', '203.0.113.1', '2001:db8:ffff::/48'].map(parsePrefix);
const trusted = new TrustedProxies(PROXIES);

/** Whom a line is about whose peer forwarded this list, and through which proxy. */
function seen(list: string | undefined, peer = '198.51.100.1', proxies = trusted): string {
  const line = emptyLine();
  line.bytes = Buffer.from(`"${list}"`, 'latin1');
  Object.assign(line.reading, parseAddress(peer), { port: 4711 });
  if (list !== undefined) {
    line.reading.forwardedStart = 1;
    line.reading.forwardedEnd = line.bytes.length - 1;
  }
  proxies.pass(line);
  const { family, a, b, c, d, port } = line.reading;
  const address = formatAddress(addressOf(family === 4 ? 4 : 6, a, b, c, d));
  // The port is the proxy's, not the client's.
  expect(port).toBe(line.proxy === undefined ? 4711 : -1);
  return line.proxy === undefined ? address : `${address} by ${formatPrefix(line.proxy)}`;
}

const VIA = 'by 198.51.100.0/24';

describe('a list of forwarded addresses', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['192.0.2.9, 192.0.2.7', '192.0.2.7'],
    ['192.0.2.9,192.0.2.7', '192.0.2.7'],
    ['unknown, 192.0.2.7', '192.0.2.7'],
    ['" OR 1=1 --, 192.0.2.7', '192.0.2.7'],
    ['192.0.2.7, 203.0.113.1', '192.0.2.7'],
    ['192.0.2.9, 192.0.2.7, 203.0.113.1, 198.51.100.9', '192.0.2.7'],
    ['192.0.2.7:4711', '192.0.2.7'],
    ['2001:db8::7', '2001:db8::7'],
    ['[2001:db8::7]', '2001:db8::7'],
    ['[2001:db8::7]:4711', '2001:db8::7'],
    ['\\"[2001:db8::7]:4711\\"', '2001:db8::7'],
    ['2001:db8::7, 2001:db8:ffff::1', '2001:db8::7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['for=192.0.2.7', '192.0.2.7'],
    ['for=192.0.2.9, for=192.0.2.7;proto=https;by=203.0.113.1', '192.0.2.7'],
    ['proto=https; For=\\"[2001:db8::7]:4711\\"; host=h.example', '2001:db8::7'],
    ['for=\\x22[2001:db8::7]\\x22', '2001:db8::7'],
    ['for=\\"198.51.100.9:80\\", for=192.0.2.7, for=203.0.113.1', '192.0.2.7'],
    // Several headers in a JSON array.
    ['192.0.2.9","192.0.2.8, 192.0.2.7', '192.0.2.7'],
    // Far more than a server would accept.
    [`${'192.0.2.9, '.repeat(1000)}192.0.2.7`, '192.0.2.7'],
  ])('%s from a trusted proxy is about %s', (list, client) => {
    expect(seen(list)).toBe(`${client} ${VIA}`);
  });

  it.each([
    '',
    '-',
    ',',
    'unknown',
    '192.0.2.9, unknown',
    '192.0.2.9, _hidden',
    '192.0.2.9, ',
    '192.0.2.9, 192.0.2.07',
    '192.0.2.9, 192.0.2',
    '192.0.2.9 192.0.2.8',
    '192.0.2.9, h.example',
    '192.0.2.9, fe80::7%em0',
    '192.0.2.9, [2001:db8::7',
    '192.0.2.9, for=_hidden',
    '192.0.2.9, for=unknown;proto=https',
    '192.0.2.9, for=192.0.2.7;for=192.0.2.8',
    '192.0.2.9, by=192.0.2.7',
    '192.0.2.9, for=192.0.2.7;x=\\"a\\\\\\"b\\"',
    // The host is the client's word: a comma in it would put another item last.
    'for=192.0.2.7;host=\\"x, for=192.0.2.9\\"',
    'for=192.0.2.7;host=\\"x, for=192.0.2.9;y=\\"',
    // All are proxies.
    '198.51.100.7, 203.0.113.1',
    `${'203.0.113.1, '.repeat(1000)}203.0.113.1`,
  ])('%s names nobody but the proxy', (list) => {
    expect(seen(list)).toBe('198.51.100.1');
  });

  it('counts only where the peer itself is a trusted proxy', () => {
    expect(seen('192.0.2.9', '192.0.2.7')).toBe('192.0.2.7');
    expect(seen('192.0.2.9, 198.51.100.1', '2001:db8::7')).toBe('2001:db8::7');
    expect(seen('192.0.2.7', '198.51.100.1', new TrustedProxies([]))).toBe('198.51.100.1');
    expect(seen('192.0.2.7', '2001:db8:ffff::1')).toBe('192.0.2.7 by 2001:db8:ffff::/48');
  });

  it('is not needed', () => {
    expect(seen(undefined)).toBe('198.51.100.1');
  });

  it('gives no weight to what stands before the last address', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(0xffff_ffff), (words, a) => {
        const client = addressOf(4, a);
        const text = formatAddress(client);
        fc.pre(!/^198\.51\.100\.|^203\.0\.113\.1$/.test(text));
        expect(seen(`${words}, ${text}`)).toBe(`${text} ${VIA}`);
      }),
      { numRuns: 200 },
    );
  });
});

it('the list of a request is not that of a line of another service after it', async () => {
  const lines = [
    'Mar 23 10:00:00 gw haproxy[77]: 198.51.100.1:58444 [23/Mar/2026:10:00:00.439] main app/app1 1939/0/1/0/1940 403 5168 - - ---- 3/3/0/0/0 0/0 "GET / HTTP/1.1" forwarded="192.0.2.7"',
    'Mar 23 10:00:01 gw sshd[1001]: Failed password for root from 198.51.100.1 port 4711 ssh2',
  ];
  const source = memorySource('messages', [Buffer.from(lines.join('\n'))], Date.UTC(2026, 2, 24));
  const scanners = await loadScanners();
  const options = { scanners, zone: 'UTC', points: new Map(), trustedProxies: PROXIES };
  const addresses = [];
  for await (const events of readEvents(source, options)) {
    for (const { address } of events) addresses.push(address);
  }
  expect(addresses).toEqual(['192.0.2.7', '198.51.100.1']);
});
