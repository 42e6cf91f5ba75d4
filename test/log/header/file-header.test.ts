import { describe, expect, it } from 'vitest';
import { loadGrammar, scannerOf } from '../../../grammar/notation/load.ts';
import { readGrammar } from '../../../grammar/notation/read.ts';
import { fileHeaderReader } from '../../../src/log/header/file-header.ts';
import { emptyHeader } from '../../../src/log/header/header.ts';
import { readEvents } from '../../../src/log/read-events.ts';
import { sourceOf } from '../lines-of.ts';

/** What a file so declared tells of a line: its time, its process and its message. */
function readingOf(file: string, line: string) {
  const { file: form } = loadGrammar(
    `service t "t"\nclock = HOUR ":" MINUTE ":" SECOND\nfile = ${file}\nm note = "x"\n`,
    't.grammar',
  );
  if (form === undefined) throw new Error('no file was declared');
  const header = emptyHeader();
  const bytes = Buffer.from(line, 'latin1');
  if (!fileHeaderReader(form)(bytes, 0, bytes.length, header)) return undefined;
  const { dating, year, month, day, second, offsetSeconds, isFractional, pid, messageStart } =
    header;
  const clock = new Date(second * 1000).toISOString().slice(11, 19);
  const date = `${dating === 'yearless' ? '' : `${year}-`}${month + 1}-${day} ${clock}`;
  const zone = dating === 'zoned' ? ` ${offsetSeconds / 3600}` : '';
  const rest = { isFractional, pid, message: line.slice(messageStart) };
  return { time: `${date}${zone}`, ...rest };
}

describe('a declared header', () => {
  it.each([
    ['YEAR "/" MONTH "/" DAY " " clock " "', '2026/11/22 10:00:07 x', '2026-11-22 10:00:07'],
    ['DAY "-" MONTH-NAME "-" YEAR " " clock " "', ' 2-Nov-2026  8:00:07 x', '2026-11-2 08:00:07'],
    ['SHORT-YEAR MONTH DAY " " clock " "', '261122 10:00:07 x', '2026-11-22 10:00:07'],
    ['MONTH-NAME " " DAY " " clock " "', 'Nov 2 10:00:07 x', '11-2 10:00:07'],
    [
      'MONTH "/" DAY "/" YEAR ", " clock " " AM-PM " "',
      '11/22/2026, 1:00:07 PM x',
      '2026-11-22 13:00:07',
    ],
    [
      'MONTH "/" DAY "/" YEAR ", " clock " " AM-PM " "',
      '11/22/2026, 12:00:07 am x',
      '2026-11-22 00:00:07',
    ],
    ['ISO-TIME " " [clock]', '2026-11-22T10:00:07+01:00 x', '2026-11-22 10:00:07 1'],
    ['ISO-TIME [" " ZONE] " " [clock]', '2026-11-22 10:00:07 -0500 x', '2026-11-22 10:00:07 -5'],
    ['"[" CTIME "] " [clock]', '[Sun Nov 22 10:00:07 2026] x', '2026-11-22 10:00:07'],
    ['SYSLOG-TIME ":" " " [clock]', 'Nov 22 10:00:07: x', '11-22 10:00:07'],
    ['EPOCH " " [clock]', '1795341607 x', '2026-11-22 10:00:07 0'],
    ['EPOCH-MS " " [clock]', '1795341607123 x', '2026-11-22 10:00:07 0'],
    [
      'WORD "][" TEXT "] " clock " " MONTH "." DAY "." YEAR " "',
      'a][b c] 10:00:07 11.22.2026 x',
      '2026-11-22 10:00:07',
    ],
  ])('%s reads the time of %j', (file, line, time) => {
    expect(readingOf(file, line)).toMatchObject({ time, message: 'x', pid: -1 });
  });

  it.each([
    ['YEAR "/" MONTH "/" DAY " " clock " "', '2026/13/22 10:00:07 x'],
    ['YEAR "/" MONTH "/" DAY " " clock " "', '2026/11/31 10:00:07 x'],
    ['YEAR "/" MONTH "/" DAY " " clock " "', '2026/11/22 24:00:07 x'],
    ['YEAR "/" MONTH "/" DAY " " clock " "', '2026/11/22 10:00:07'],
    ['YEAR "/" MONTH "/" DAY " " clock AM-PM " "', '2026/11/22 13:00:07PM x'],
    ['YEAR "/" MONTH "/" DAY " " clock AM-PM " "', '2026/11/22 0:00:07AM x'],
    ['YEAR "/" MONTH "/" DAY " " clock AM-PM " "', '2026/11/22 1:00:07XM x'],
    ['EPOCH " " [clock]', '17953416070 x'],
  ])('%s does not read %j', (file, line) => {
    expect(readingOf(file, line)).toBeUndefined();
  });

  it('takes optional parts, present or missing', () => {
    const file = '"[" ISO-TIME ["," FRACTION] "]" ["[" PID "]"] " " [clock]';
    expect(readingOf(file, '[2026-11-22 10:00:07] x')).toMatchObject({
      isFractional: false,
      pid: -1,
    });
    expect(readingOf(file, '[2026-11-22 10:00:07,123][47] x')).toMatchObject({
      time: '2026-11-22 10:00:07',
      isFractional: true,
      pid: 47,
      message: 'x',
    });
    expect(readingOf(file, '[2026-11-22 10:00:07][99999999] x')).toBeUndefined();
  });

  it('may be part of the message', () => {
    const file = 'MESSAGE "{" TEXT "\\"time\\":\\"" ISO-TIME "\\"" [clock]';
    const line = '{"user":"\\"time\\":\\"2001-01-01T00:00:00Z\\"","time":"2026-11-22T10:00:07Z"}';
    expect(readingOf(file, line)).toMatchObject({ time: '2026-11-22 10:00:07 0', message: line });
  });

  it("lets the file of a user's own service be recognised", async () => {
    const grammar = readGrammar(
      `service knockd  "knockd"
file = "[" DAY "/" MONTH-NAME "/" YEAR " " HOUR ":" MINUTE ":" SECOND "][" WORD "] "
refused  attempt 10 = "refused " USER " from " ADDRESS
  > refused admin from 192.0.2.7 | address 192.0.2.7, user admin
`,
      'knockd.grammar',
    );
    const log =
      '[22/Nov/2026 09:59:59][info] started\n[22/Nov/2026 10:00:00][warn] refused x from 192.0.2.7\n';
    const options = { scanners: [scannerOf(grammar)], zone: 'UTC', points: new Map() };
    const events = [];
    for await (const batch of readEvents(sourceOf(log, 1_795_900_000), options))
      events.push(...batch);
    expect(events).toMatchObject([
      { time: '2026-11-22T09:59:59Z', event: null },
      { time: '2026-11-22T10:00:00Z', service: 'knockd', event: 'refused', address: '192.0.2.7' },
    ]);
  });

  it('is not matched if words could end at too many places', () => {
    const file = 'WORD "x" WORD "x" WORD "x" WORD "y" CTIME [clock]';
    expect(readingOf(file, 'x'.repeat(60_000))).toBeUndefined();
  });
});
