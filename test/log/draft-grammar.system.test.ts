import { readdirSync, readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scannerOf, tryGrammar } from '../../grammar/notation/load.ts';
import { readGrammar } from '../../grammar/notation/read.ts';
import { draftGrammar } from '../../src/log/draft-grammar.ts';
import { readEvents } from '../../src/log/read-events.ts';
import { sourceOf } from './lines-of.ts';

const LOG = `[22/Nov/2026 10:00:00][info] started with 4 workers
[22/Nov/2026 10:00:01][warn] refused admin from 192.0.2.7:4711
[22/Nov/2026 10:00:02][warn] refused root from 192.0.2.9:4712
[22/Nov/2026 10:00:03][info] welcomed bob from 198.51.100.3
`;
const linesOf = (log: string) => log.split('\n').filter((line) => line !== '');

describe('the draft of a grammar', () => {
  it('declares how lines begin, and has the messages with examples', () => {
    const { text } = draftGrammar('knockd', linesOf(LOG));
    expect(text).toContain(
      'file = "[" DAY "/" MONTH-NAME "/" YEAR " " HOUR ":" MINUTE ":" SECOND "][" WORD "] "\n',
    );
    expect(text).toContain(`refused-admin-from attempt 10 = "refused " WORD " from " ADDRESS`);
    expect(text).toContain('> "refused admin from 192.0.2.7:4711" | address 192.0.2.7\n');
    expect(tryGrammar(text)).toMatchObject({ faults: [], wrong: [] });
  });

  it('reads the log from which it was made', async () => {
    const { text } = draftGrammar('knockd', linesOf(LOG));
    const scanner = scannerOf(readGrammar(text, 'knockd.grammar'));
    const events = [];
    const options = { scanners: [scanner], zone: 'UTC', points: new Map() };
    for await (const batch of readEvents(sourceOf(LOG, 1_795_900_000), options))
      events.push(...batch);
    expect(events).toMatchObject([
      { service: 'knockd', time: '2026-11-22T10:00:00Z', offence: false },
      { service: 'knockd', offence: true, address: '192.0.2.7' },
      { service: 'knockd', time: '2026-11-22T10:00:02Z' },
      { service: 'knockd', offence: false, address: '198.51.100.3' },
    ]);
  });

  it('has escapes for control characters', () => {
    const lines = linesOf(LOG.replaceAll('refused', 'refused\x1b[2J\x9b'));
    const { text } = draftGrammar('knockd', lines);
    expect(text).toContain(
      '> "refused\\x1b[2J\\xc2\\x9b admin from 192.0.2.7:4711" | address 192.0.2.7\n',
    );
    expect(text).not.toMatch(/[^\P{Cc}\n]/u);
    expect(tryGrammar(text)).toMatchObject({ faults: [], wrong: [] });
  });

  it('has messages but no file for the log of a syslogd', () => {
    const lines = linesOf(readFileSync('fixtures/logs/iso.log', 'latin1'));
    const { text, messages } = draftGrammar('mine', lines);
    expect(text).not.toContain('file = ');
    expect(messages).toBeGreaterThan(0);
  });

  it('is valid for each log in fixtures/logs', () => {
    for (const name of readdirSync('fixtures/logs').filter((file) => file.endsWith('.log'))) {
      const lines = linesOf(readFileSync(`fixtures/logs/${name}`, 'latin1'));
      const { text, messages } = draftGrammar('mine', lines);
      if (messages > 0)
        expect([name, tryGrammar(text)]).toMatchObject([name, { faults: [], wrong: [] }]);
    }
  });

  it('is valid for any text', () => {
    const word = fc.oneof(
      fc.constantFrom('192.0.2.7', '::1', '"', '\\', '[', ']', 'failed', '22', ':', '\t', ' ', 'é'),
      fc.constantFrom('2026-11-22T10:00:00Z', 'Nov 22 10:00:00', '1795341600'),
      fc.string({ maxLength: 4 }),
    );
    const line = fc
      .array(word, { maxLength: 8 })
      .map((words) => words.join('').replaceAll('\n', ''));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
        const { text, messages } = draftGrammar('mine', lines);
        if (messages > 0) expect(tryGrammar(text)).toMatchObject({ faults: [], wrong: [] });
      }),
    );
  });
});
