import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { grammars } from '#grammars';
import { instantiate } from '../../../grammar/notation/instance.ts';
import { NO_MATCH, type Scanner } from '../../../grammar/notation/scanner.ts';
import { OffenceCollector } from '../../../src/log/offences/offences.ts';
import { LogReader } from '../../../src/log/reader.ts';
import { CivilTime, zoneOffsets } from '../../../src/log/time/zone.ts';
import { prefixAround } from '../../../src/net/prefix.ts';

const SERVICES = new Set(['sshd', 'pam', 'dovecot', 'nginx']);
const scanners = grammars.filter(({ service }) => SERVICES.has(service)).map(instantiate);
const civil = new CivilTime(zoneOffsets('Europe/Berlin'));
const FILE_TIME = Date.parse('2026-11-26T00:00:00Z') / 1000;
const points = new Map([['sshd.connection-closed', 1]]);

/** A collector that reads a log piece by piece. */
function begin(isSkimmed: boolean, used: readonly Scanner[] = scanners) {
  let careful = 0;
  const reader = new LogReader(used, civil, undefined, (line) => {
    collector.add(line);
    careful++;
  });
  const collector = new OffenceCollector(used, points, reader.hosts, 'log');
  if (isSkimmed) reader.passOver(collector);
  const end = () => {
    reader.finish();
    const calendar = reader.clock.calendar(FILE_TIME, undefined);
    const groups = collector.groups(calendar, (address) =>
      prefixAround(address, address.family === 4 ? 24 : 64),
    );
    return {
      lines: collector.lineCounts,
      messages: collector.messageCounts,
      span: collector.span(calendar),
      logins: collector.logins(calendar),
      offences: [...groups].map(({ space, offences }) => ({
        space,
        offences: Array.from(offences, (offence) => ({ ...offence })),
      })),
    };
  };
  const forget = () => {
    collector.forget();
    reader.forgetPassed();
  };
  return { push: (chunk: Buffer) => reader.push(chunk), forget, end, careful: () => careful };
}

function chunksOf(log: string, chunkBytes: number): Buffer[] {
  const bytes = Buffer.from(log, 'latin1');
  const count = Math.ceil(bytes.length / chunkBytes);
  return Array.from({ length: count }, (_, index) =>
    Buffer.from(bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes)),
  );
}

/** What reading every line with care tells. */
function carefully(log: string) {
  const reading = begin(false);
  reading.push(Buffer.from(log, 'latin1'));
  return reading.end();
}

const ADDRESSES = [
  '192.0.2.7',
  '192.0.2.8',
  '198.51.100.9',
  '2001:db8::7',
  '10.0.0.300',
  'h.example',
];
const address = fc.constantFrom(...ADDRESSES);
const message = fc.oneof(
  ...[
    (from: string) => `Failed password for root from ${from} port 4711 ssh2`,
    (from: string) => `Failed password for invalid user ${from} port 1 from ${from} port 2 ssh2`,
    (from: string) => `Invalid user admin from ${from} port 4711`,
    (from: string) => `Connection closed by ${from} port 4711 [preauth]`,
    (from: string) => `Accepted publickey for me from ${from} port 4711 ssh2: RSA SHA256:x`,
    (from: string) =>
      `message repeated 3 times: [ Failed password for root from ${from} port 1 ssh2]`,
    (from: string) =>
      `pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=${from}  user=root`,
    (from: string) =>
      `pam_unix(other:auth): authentication failure; logname= uid=0 euid=0 tty=x ruser= rhost=${from}`,
    (from: string) =>
      `Failed publickey for git from ${from} port 1 ssh2: ED25519-CERT SHA256:x ID x from 192.0.2.99 port 1 ssh2: y (serial 0) CA z`,
    (from: string) => `[ID 800047 auth.info] Failed password for root from ${from} port 1 ssh2`,
  ].map((text) => address.map(text)),
  fc.constantFrom('', 'hello', 'last message repeated 2 times', 'message ', `x${'y'.repeat(1200)}`),
);
const program = fc.constantFrom(
  'sshd[12]: ',
  'sshd[12]: ',
  'sshd[12]: ',
  'sshd[13]: ',
  'sshd: ',
  'sshd[12]:',
  'sshd[x]: ',
  'sshd-session[12]: ',
  'sudo: ',
  'su[7]: ',
  'dovecot: ',
  'sshd[99999999]: ',
  'syslogd: ',
  '',
  'a-program-with-a-name-that-is-longer-than-most-are[1]: ',
  'auth.info sshd[12]: ',
);
const host = fc.constantFrom(
  'gw ',
  'gw ',
  'gw ',
  'other ',
  '<38>gw ',
  '<auth.info> gw ',
  'auth.info ',
  '',
  ' ',
  'gw: ',
  '[sshd]: ',
  `${'h'.repeat(300)} `,
);
/** Seconds from one line to the next; now and then back, over hours and over days. */
const step = fc.oneof(
  { weight: 30, arbitrary: fc.integer({ min: 0, max: 3 }) },
  fc.constantFrom(-1, -70, -3700, 60, 3700, 86_400, 40 * 86_400, 200 * 86_400),
);
/** A line that is never passed over, so many seconds ahead of those around it. */
const aside = fc.record({
  aside: fc.constantFrom(0, 1, 70, 1500, 86_400, 140 * 86_400, 240 * 86_400),
  header: fc.constantFrom('[sshd]: ', 'gw syslogd: ', 'auth.info sshd[12]: ', 'sshd[12]: '),
});
const end = fc.oneof({ weight: 8, arbitrary: fc.constant('\n') }, fc.constant('\r\n'));
const line = fc.record({
  step,
  host,
  program,
  message,
  end,
  usual: fc.integer({ max: 9, min: 0 }),
});
const strange = fc.constantFrom(
  '\n',
  'no header\n',
  '\0\0Mar  9 10:00:00 gw sshd[12]: Invalid user a from 192.0.2.7 port 1\n',
  'Mar  9 24:00:00 gw sshd[12]: x\n',
  'Mar  9 10:00:60 gw sshd[12]: x\n',
  'Mar  9 10:00:0: gw x\n',
  '2026-03-09T10:00:00+01:00 gw sshd[12]: Failed password for root from 192.0.2.7 port 1 ssh2\n',
);

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function headerTime(at: number): string {
  const date = new Date(at * 1000);
  const day = String(date.getUTCDate()).padStart(2);
  return `${MONTHS[date.getUTCMonth()]} ${day} ${date.toISOString().slice(11, 19)}`;
}

const FIRST_TIME = Date.parse('2025-02-01T00:00:00Z') / 1000;
/** Near where the clocks are put back now and then. */
const first = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 400 * 86_400 }).map((at) => FIRST_TIME + at) },
  fc.constant(Date.parse('2025-10-26T01:58:00Z') / 1000),
);

const log = fc
  .tuple(
    first,
    fc.array(fc.oneof({ weight: 60, arbitrary: line }, strange, aside), {
      minLength: 20,
      maxLength: 150,
      size: 'max',
    }),
    fc.boolean(),
  )
  .map(([start, lines, isWhole]) => {
    let at = start;
    const text = lines.map((one) => {
      if (typeof one === 'string') return one;
      if ('aside' in one) return `${headerTime(at + one.aside)} ${one.header}x\n`;
      at += one.step;
      // Most lines are of one host and one program, as those of a log are.
      const header = one.usual > 0 ? 'gw sshd[12]: ' : one.host + one.program;
      return `${headerTime(at)} ${header}${one.message}${one.end}`;
    });
    return isWhole ? text.join('') : text.join('').trimEnd();
  });

const chunkBytes = fc.constantFrom(7, 1000, 1 << 20);

it('tells of a log what reading every line with care tells', () => {
  let [careful, all] = [0, 0];
  fc.assert(
    fc.property(log, chunkBytes, (text, length) => {
      const skimmed = begin(true);
      for (const chunk of chunksOf(text, length)) skimmed.push(chunk);
      const told = carefully(text);
      expect(skimmed.end()).toEqual(told);
      careful += skimmed.careful();
      all += told.lines.lines;
    }),
    { numRuns: 1000 },
  );
  // The property says little where no line is skimmed.
  expect(careful).toBeLessThan(all * 0.7);
});

it('tells it of what comes after all that came before is known', () => {
  fc.assert(
    fc.property(log, chunkBytes, fc.nat(5), (text, length, known) => {
      const [skimmed, slow] = [begin(true), begin(false)];
      for (const [index, chunk] of chunksOf(text, length).entries()) {
        for (const reading of [skimmed, slow]) {
          if (index === known) reading.forget();
          reading.push(chunk);
        }
      }
      expect(skimmed.end()).toEqual(slow.end());
    }),
    { numRuns: 300 },
  );
});

it('tells it of several logs that are read by turns', () => {
  fc.assert(
    fc.property(log, log, chunkBytes, (one, other, length) => {
      const both = [one, other].map((text) => ({ text, skimmed: begin(true) }));
      const rest = both.map(({ text }) => chunksOf(text, length));
      for (let turn = 0; rest.some((chunks) => turn < chunks.length); turn++) {
        for (const [index, { skimmed }] of both.entries()) {
          const chunk = rest[index]?.[turn];
          if (chunk) skimmed.push(chunk);
        }
      }
      for (const { text, skimmed } of both) expect(skimmed.end()).toEqual(carefully(text));
    }),
    { numRuns: 300 },
  );
});

it('passes over nothing where there are more messages than it has room for', () => {
  const note = { name: 'x', kind: 'note', points: 0 } as const;
  const messages = Array.from({ length: 30_000 }, () => note);
  const others = [{ service: 'other', programs: ['other'], messages, scan: () => NO_MATCH }];
  const lines = 'Mar  9 10:00:00 gw sshd[12]: Invalid user a from 192.0.2.7 port 1\n'.repeat(20);
  const told = [true, false].map((isSkimmed) => {
    const reading = begin(isSkimmed, [...scanners, ...others]);
    // In the midst of a line.
    for (const chunk of chunksOf(lines, 1000)) reading.push(chunk);
    return reading.end();
  });
  expect(told[0]).toEqual(told[1]);
});
