import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { McblockError } from '../../../src/errors.ts';
import { CivilTime, zoneOffsets } from '../../../src/log/time/zone.ts';
import { fixtureFile } from './fixture.ts';
import { packetsOf, type Seen } from './packets-of.ts';

const fixture = (name: string) =>
  readFileSync(new URL(`../../../fixtures/pf/${name}`, import.meta.url));

const RECORDED = fixture('freebsd.tcpdump.txt').toString();
const TCPDUMP = 'tcpdump';
const OPENBSD = fixture('openbsd.tcpdump.txt').toString();

/** A whole line of which all but this is as ever. */
const line = (parts: { time?: string; rule?: string; what?: string; who?: string }) => {
  const { time = '2026-11-22 10:00:00.123456', rule = 'rule 4/0(match):' } = parts;
  const { what = 'block in on em0:' } = parts;
  const { who = '192.0.2.7.40112 > 203.0.113.1.22: Flags [S], seq 1, win 1024, length 0' } = parts;
  return `${time} ${rule} ${what} ${who}`;
};

const PROBE: Seen = {
  time: 1_795_341_600,
  timeKind: 'local',
  interface: 'em0',
  action: 'block',
  direction: 'in',
  source: '192.0.2.7',
  destination: '203.0.113.1',
  protocol: 6,
  sourcePort: 40_112,
  destinationPort: 22,
  tcpFlags: 2,
};

/** What the text tells of the packets is what the file tells, as far as it tells. */
function expectSame(text: string) {
  const told = packetsOf(text);
  const logged = packetsOf(fixtureFile());
  expect(told.unread).toBe(0);
  expect(told.packets).toHaveLength(logged.packets.length);
  told.packets.forEach((packet, index) => {
    const whole = logged.packets[index]!;
    const { protocol, tcpFlags, ...rest } = packet;
    expect({ ...whole, timeKind: 'local' }).toMatchObject(rest);
    expect([-1, whole.protocol]).toContain(protocol);
    // TCP is always told, so that its flags are not missed.
    if (whole.protocol === 6)
      expect({ protocol, tcpFlags }).toEqual({ protocol: 6, tcpFlags: whole.tcpFlags });
  });
}

describe('the text of tcpdump', () => {
  it('is what the fixture was made from', () => {
    expect(fixtureFile().equals(fixture('freebsd.pflog'))).toBe(true);
  });

  it('says what the pcap file says: as recorded from tcpdump 4.99', () => {
    expectSame(RECORDED);
  });

  it('says what the pcap file says: with the tcpdump of this host, if it has one', ({ skip }) => {
    const { status, stdout, error } = spawnSync(TCPDUMP, ['-n', '-e', '-tttt', '-r', '-'], {
      input: fixtureFile(),
      env: { ...process.env, TZ: 'UTC' },
      encoding: 'utf8',
    });
    if (error !== undefined || status !== 0) skip('there is no tcpdump here, or it may not run');
    expectSame(stdout);
  });

  it('reads OpenBSD’s', () => {
    const { packets, unread } = packetsOf(OPENBSD, 7);
    expect(unread).toBe(0);
    const short = packets.map(
      ({
        action,
        direction,
        source,
        sourcePort,
        destination,
        destinationPort,
        protocol,
        tcpFlags,
      }) =>
        `${action} ${direction} ${source} ${sourcePort} ${destination} ${destinationPort} ${protocol} ${tcpFlags}`,
    );
    expect(short).toEqual([
      'block in 192.0.2.7 40112 203.0.113.1 22 6 2',
      'block in 192.0.2.7 40112 203.0.113.1 22 6 16',
      'block in 192.0.2.7 40112 203.0.113.1 22 6 17',
      'block in 192.0.2.7 40112 203.0.113.1 22 6 0',
      'block in 198.51.100.9 40112 203.0.113.1 5555 17 -1',
      'pass out 203.0.113.1 40112 192.0.2.7 53 -1 -1',
      'block in 192.0.2.7 -1 203.0.113.1 -1 1 -1',
      'other in 192.0.2.7 -1 203.0.113.1 -1 -1 -1',
      'block in 2001:db8:7::7 40112 2001:db8::1 22 6 2',
      'block in fe80::7 -1 ff02::1 -1 58 -1',
    ]);
    expect(packets[7]?.interface).toBe('pppoe0');
  });

  it('leaves the year to the calendar', () => {
    const { packets, clock } = packetsOf(OPENBSD);
    const civil = new CivilTime(zoneOffsets('UTC'));
    const calendar = clock.calendar(civil, Date.UTC(2026, 10, 23) / 1000, undefined);
    expect(packets.map(({ timeKind }) => timeKind)).toEqual(packets.map(() => 'yearless'));
    expect(packets.map(({ time }) => calendar.next(time))).toEqual(
      packets.map((_, index) => PROBE.time + index),
    );
  });

  it.each([
    ['a date', line({}), {}],
    ['seconds', line({ time: '1795341600.123456' }), { timeKind: 'utc' }],
    ['nanoseconds', line({ time: '2026-11-22 10:00:00.123456789' }), {}],
    ['no fraction', line({ time: '2026-11-22 10:00:00' }), {}],
    ['a leap day', line({ time: '2028-02-29 00:00:00.0' }), { time: 1_835_395_200 }],
    ['a leap second', line({ time: '2016-12-31 23:59:60.0' }), { time: 1_483_228_799 }],
    ['a rule of an anchor', line({ rule: 'rule 0.foo.3/0(match):' }), {}],
    ['the default rule', line({ rule: 'rule def/(short)' }), {}],
    ['a nested anchor', line({ rule: 'rule 0.authpf/joe(12).3/0(match):' }), {}],
    ['a user', line({ rule: 'rule 4/0(match) [uid 0, pid 12]:' }), {}],
    [
      'a direction that is not told',
      line({ what: 'block in/out on em0:' }),
      { direction: 'other' },
    ],
    ['a link layer that is told', line({ who: `IP ${line({}).slice(61)}` }), {}],
    [
      'what is cut',
      line({ who: '192.0.2.7 > 203.0.113.1: [|tcp]' }),
      { sourcePort: -1, destinationPort: -1, tcpFlags: -1 },
    ],
    [
      'flags that are cut',
      line({ who: '192.0.2.7.40112 > 203.0.113.1.22: Flags [S' }),
      { tcpFlags: -1 },
    ],
    [
      'a protocol by number',
      line({ who: '192.0.2.7 > 203.0.113.1: ip-proto-47' }),
      { sourcePort: -1, destinationPort: -1, tcpFlags: -1, protocol: 47 },
    ],
    [
      'UDP whose content passes for TCP’s flags',
      line({ who: '192.0.2.7.40112 > 203.0.113.1.22: S ome text' }),
      { protocol: -1, tcpFlags: -1 },
    ],
    [
      'an IPv6 address with an IPv4 tail and a port',
      line({ who: '64:ff9b::192.0.2.7.40112 > 2001:db8::1.22: Flags [S], seq 1' }),
      { source: '64:ff9b::c000:207', destination: '2001:db8::1' },
    ],
    [
      'an IPv6 address with an IPv4 tail alone',
      line({ who: '64:ff9b::192.0.2.7 > ::: ICMP6, echo request' }),
      {
        source: '64:ff9b::c000:207',
        destination: '::',
        sourcePort: -1,
        destinationPort: -1,
        tcpFlags: -1,
        protocol: 58,
      },
    ],
    [
      'the all-ones address',
      line({ who: '255.255.255.255.65535 > 0.0.0.0.0: UDP, length 0' }),
      {
        source: '255.255.255.255',
        destination: '0.0.0.0',
        sourcePort: 65_535,
        destinationPort: 0,
        tcpFlags: -1,
        protocol: 17,
      },
    ],
  ])('reads %s', (_, text, difference) => {
    expect(packetsOf(text).packets).toEqual([{ ...PROBE, ...difference }]);
  });

  it.each([
    line({ who: 'scan.example.net.40112 > 203.0.113.1.22: Flags [S], seq 1' }),
    line({ who: '192.0.2.7.40112 > 203.0.113.1.ssh: Flags [S], seq 1' }),
    line({ who: '192.0.2.07.40112 > 203.0.113.1.22: Flags [S], seq 1' }),
    line({ who: '192.0.2.256.40112 > 203.0.113.1.22: Flags [S], seq 1' }),
    line({ who: '192.0.2.7.65536 > 203.0.113.1.22: Flags [S], seq 1' }),
    line({ who: '192.0.2.7.1.2 > 203.0.113.1.22: Flags [S], seq 1' }),
    line({ who: '192.0.2.7. > 203.0.113.1.22: Flags [S], seq 1' }),
    line({ who: '192.0.2.7 > 2001:db8::1: Flags [S], seq 1' }),
    line({ who: '::ffff:192.0.2.7.40112 > ::ffff:203.0.113.1.22: Flags [S], seq 1' }),
    line({ who: '2001:db8::7%em0.40112 > 2001:db8::1.22: Flags [S], seq 1' }),
    line({ who: '192.0.2.7.40112 > 203.0.113.1.22 Flags [S], seq 1' }),
    line({ who: '192.0.2.7.40112' }),
    line({ who: 'IP0 (invalid)' }),
    line({ who: '(tos 0x0, ttl 52, id 7, offset 0, flags [none], proto TCP (6), length 40)' }),
    line({ what: 'block in on em0' }),
    line({ what: 'block in on :' }),
    line({ what: 'block in em0:' }),
    line({ rule: 'role 4/0(match):' }),
    line({ time: '2026-02-29 10:00:00.123456' }),
    line({ time: '2026-13-01 10:00:00.123456' }),
    line({ time: '2026-00-01 10:00:00.123456' }),
    line({ time: '0000-01-00 10:00:00.123456' }),
    line({ time: '2026-11-22 24:00:00.123456' }),
    line({ time: '2026-11-22 10:60:00.123456' }),
    line({ time: '2026-11-22 10:00:61.123456' }),
    line({ time: 'Nov 31 10:00:00.123456' }),
    line({ time: 'Nov  0 10:00:00.123456' }),
    line({ time: 'Nox 22 10:00:00.123456' }),
    line({ time: '99999999999.123456' }),
    '    192.0.2.7.40112 > 203.0.113.1.22: Flags [S], seq 1',
    'tcpdump: listening on pflog0',
    'rubbish',
    '2026-11-22 10:00:00.123456',
  ])('ignores %s', (text) => {
    const { packets, unread } = packetsOf(`${text}\n`);
    expect({ packets, unread }).toEqual({ packets: [], unread: 1 });
  });

  it('ignores a line that is too long', () => {
    const text = line({ who: `192.0.2.7 > 203.0.113.1: ${'x'.repeat(70_000)}` });
    expect(packetsOf(`${text}\n${line({})}\n`)).toMatchObject({ packets: [PROBE], unread: 1 });
  });

  it.each([' 00:00:00.000000', '00:00:00.000000', '10:00:00.123456', '-00:00:01.000000'])(
    'is refused if its times have no date: %s',
    (time) => {
      expect(() => packetsOf(`headline\n${line({ time })}`)).toThrow(
        'test.log has times without a date (line 2); nothing of it was recorded; use tcpdump -n -e -tttt (OpenBSD: -ttt), or read the pcap file itself',
      );
    },
  );

  it('is refused if it has no times', () => {
    expect(() => packetsOf(line({}).slice(27))).toThrow('without a date');
  });

  it('is accepted with a line without a date after one that has it', () => {
    const text = [line({}), line({ time: '10:00:00.123456' }), line({})].join('\n');
    expect(packetsOf(text)).toMatchObject({ packets: [PROBE, PROBE], unread: 1 });
  });

  it('passes on the offset of each line', () => {
    const text = `${line({})}\nrubbish\n${line({})}`;
    expect(packetsOf(text, 5).offsets).toEqual([0, text.lastIndexOf('2026')]);
  });

  it('never names an address that is not in it, wherever it is truncated', () => {
    const known = new Set(packetsOf(RECORDED).packets.map(({ source }) => source));
    fc.assert(
      fc.property(fc.nat({ max: RECORDED.length }), (length) => {
        // Cut off, a line is told by its last colon: an address cut short must not pass for another.
        for (const { source } of packetsOf(RECORDED.slice(0, length)).packets) {
          expect(known).toContain(source);
        }
      }),
    );
  });

  it('only throws McblockError, whichever bits are flipped', () => {
    const texts = [Buffer.from(RECORDED), Buffer.from(OPENBSD)];
    fc.assert(
      fc.property(
        fc.constantFrom(...texts),
        fc.array(fc.nat(), { minLength: 1, maxLength: 40 }),
        (text, bits) => {
          const broken = Buffer.from(text);
          for (const bit of bits) broken[(bit >>> 3) % broken.length]! ^= 1 << (bit & 7);
          try {
            packetsOf(broken);
          } catch (error) {
            expect(error).toBeInstanceOf(McblockError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
