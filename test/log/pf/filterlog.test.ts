import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyHeader } from '../../../src/log/header/header.ts';
import { readHeader } from '../../../src/log/header/read-header.ts';
import { HostNames } from '../../../src/log/hosts.ts';
import { readFilterlog } from '../../../src/log/pf/filterlog.ts';
import { emptyPacket } from '../../../src/log/pf/packet.ts';
import { seen } from './packets-of.ts';

const LINES = readFileSync(new URL('../../../fixtures/pf/filterlog.log', import.meta.url), 'latin1')
  .trimEnd()
  .split('\n');

const interfaces = new HostNames();
const packet = emptyPacket();

/** Reads one message; what lies around it in the bytes must not matter. */
function read(message: string) {
  const bytes = Buffer.from(`1,2,${message},3,4`, 'latin1');
  const known = readFilterlog(bytes, 4, bytes.length - 4, interfaces, packet);
  return known ? seen(packet) : undefined;
}

function messageOf(line: string): string {
  const bytes = Buffer.from(line, 'latin1');
  const header = emptyHeader();
  expect(readHeader(bytes, 0, bytes.length, header)).toBe(true);
  expect(bytes.toString('latin1', header.programStart, header.programEnd)).toBe('filterlog');
  return bytes.toString('latin1', header.messageStart);
}

const MESSAGES = LINES.map(messageOf);
const TCP = MESSAGES[0] ?? '';
const TCP6 = MESSAGES[7] ?? '';

describe('filterlog', () => {
  it('is read as pfSense and OPNsense write it', () => {
    const short = MESSAGES.map((message) => {
      const found = read(message);
      return (
        found &&
        Object.values({ ...found, time: '', timeKind: '' })
          .join(' ')
          .trim()
      );
    });
    expect(short).toEqual([
      'igb0 block in 6 40112 22 2 192.0.2.7 203.0.113.1',
      'igb0 block in 6 443 40112 18 192.0.2.7 203.0.113.1',
      'igb0 block in 17 40112 53 -1 198.51.100.9 203.0.113.1',
      'igb0 block in 1 -1 -1 -1 192.0.2.7 203.0.113.1',
      'igb1 block in 2 -1 -1 -1 192.168.0.1 224.0.0.1',
      'igb0 block in 6 -1 -1 -1 192.0.2.7 203.0.113.1',
      'igb0 pass out 6 40112 443 2 203.0.113.1 192.0.2.7',
      'igb0 block in 6 40112 22 194 2001:db8:7::7 2001:db8::1',
      'igb0 block in 17 40112 5555 -1 2001:db8:7::7 2001:db8::1',
      'igb0 block in 58 -1 -1 -1 fe80::7 ff02::2',
      'igb0 block in 0 -1 -1 -1 fe80::7 ff02::16',
      'igb0 block in 6 -1 -1 -1 192.0.2.7 203.0.113.1',
      'igb0 block other 6 40112 22 0 192.0.2.7 203.0.113.1',
    ]);
  });

  it('leaves the time to the header of the line', () => {
    packet.time = 42;
    packet.timeKind = 'yearless';
    expect(read(TCP)).toMatchObject({ time: 42, timeKind: 'yearless' });
  });

  it.each([
    ['too few fields', TCP.split(',').slice(0, 19).join(',')],
    ['too few fields for IPv6', TCP6.split(',').slice(0, 16).join(',')],
    ['nothing', ''],
    ['no version', TCP.replace(',in,4,', ',in,,')],
    ['another version', TCP.replace(',in,4,', ',in,5,')],
    ['the fields of the other family', TCP.replace(',in,4,', ',in,6,')],
    ['no interface', TCP.replace(',igb0,', ',,')],
    ['a name for an address', TCP.replace('192.0.2.7', 'scan.example.net')],
    ['an address with a leading zero', TCP.replace('192.0.2.7', '192.0.2.07')],
    ['an address that is too long', TCP.replace('203.0.113.1', '203.0.113.1.1')],
    ['an IPv6 address as IPv4', TCP.replace('192.0.2.7', '2001:db8::7')],
    ['an IPv4-mapped address', TCP6.replace('2001:db8:7::7', '::ffff:192.0.2.7')],
    ['no source', TCP.replace('192.0.2.7', '')],
  ])('ignores %s', (_, message) => {
    expect(read(message)).toBeUndefined();
  });

  it.each([
    ['a port that is too large', TCP.replace('40112', '65536'), { sourcePort: -1, tcpFlags: -1 }],
    [
      'a protocol that is none',
      TCP.replace(',6,tcp', ',256,tcp'),
      { protocol: -1, sourcePort: -1 },
    ],
    ['flags there are not', TCP.replace(',S,', ',SX,'), { sourcePort: 40_112, tcpFlags: -1 }],
    [
      'a message that ends behind its ports',
      TCP.split(',').slice(0, 22).join(','),
      { tcpFlags: -1 },
    ],
    ['a later fragment', TCP.replace(',0,DF,', ',1480,none,'), { sourcePort: -1, tcpFlags: -1 }],
    ['a fragment that is not told', TCP.replace(',0,DF,', ',,none,'), { destinationPort: -1 }],
    ['another action', TCP.replace('block', 'rdr'), { action: 'other' }],
  ])('reads the rest of %s', (_, message, difference) => {
    expect(read(message)).toMatchObject({ source: '192.0.2.7', ...difference });
  });

  it('is not read beyond its end, whatever it holds', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...MESSAGES),
        fc.nat(),
        fc.nat({ max: 255 }),
        (text, at, byte) => {
          const bytes = Buffer.from(text, 'latin1');
          bytes[at % bytes.length] = byte;
          read(bytes.toString('latin1'));
          const found = read(text.slice(0, at % text.length));
          if (found !== undefined) expect(text).toContain(`,${found.source},${found.destination}`);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
