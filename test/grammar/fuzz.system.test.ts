import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AMBIGUOUS, NO_MATCH } from '../../grammar/notation/scanner.ts';
import { interpretGrammar } from '../reference/interpret-grammar.ts';
import { CommandLine } from '../support/command-line.ts';
import { choices, Forger } from './forger.ts';
import { scanLine } from './reader.ts';
import { shippedGrammars } from './shipped.ts';

const shipped = shippedGrammars();
const forger = new Forger(shipped.map(({ grammar }) => grammar));
const service = fc.constantFrom(...shipped);
const seed = fc.nat(0x7fff_ffff);
const LINES_EACH = 30;

describe('hostile words in a line', () => {
  it('never make a service name another than the peer', () => {
    const seen = { right: 0, ambiguous: 0, unmatched: 0, forwarded: 0 };
    fc.assert(
      fc.property(service, seed, ({ grammar, scanner }, start) => {
        const choose = choices(start);
        for (let n = 0; n < LINES_EACH; n++) {
          const { line, message, address, forwarded } = forger.forge(grammar, choose);
          const found = scanLine(scanner, line);
          if (found.message === AMBIGUOUS) seen.ambiguous++;
          else if (found.message === NO_MATCH || found.address === '') seen.unmatched++;
          else {
            seen.right++;
            expect({ line, message, address: found.address }).toEqual({ line, message, address });
            const { forwardedStart = -1, forwardedEnd = -1 } = found.reading ?? {};
            if (forwarded === undefined || forwardedStart < 0) continue;
            seen.forwarded++;
            expect({ line, list: line.slice(forwardedStart, forwardedEnd) }).toEqual({
              line,
              list: forwarded,
            });
          }
        }
      }),
      { numRuns: 1000 },
    );
    // The property says little where hardly any line is read.
    expect(seen.right).toBeGreaterThan(10_000);
    expect(seen.ambiguous).toBeGreaterThan(300);
    expect(seen.forwarded).toBeGreaterThan(50);
  });

  it('are read as the interpreter reads them', () => {
    fc.assert(
      fc.property(service, seed, ({ grammar, scanner }, start) => {
        const { line } = forger.forge(grammar, choices(start));
        fc.pre(line.length < 140);
        expect({ line, ...scanLine(scanner, line) }).toEqual({
          line,
          ...interpretGrammar(grammar, line),
        });
      }),
      { numRuns: 400, maxSkipsPerRun: 40 },
    );
  });
});

/** The services of which a program of that name may be: there are two imapd. */
function sharing(program: string): string[] {
  return shipped
    .filter(({ grammar }) => grammar.programs.includes(program))
    .map(({ grammar }) => grammar.service);
}

describe('hostile words in a log', () => {
  let command: CommandLine;
  beforeEach(() => {
    command = new CommandLine();
  });
  afterEach(() => command.remove());

  it('never speak for another service than that of the header', async () => {
    const choose = choices(20_261_122);
    const lines = shipped
      .filter(({ grammar }) => grammar.service !== 'pam' && grammar.service !== 'http-access')
      .flatMap(({ grammar }) =>
        Array.from({ length: 60 }, () => ({
          ...forger.forge(grammar, choose),
          program: grammar.programs[choose(grammar.programs.length)] ?? '',
        })),
      )
      .filter(({ line }) => !/[\n\r]/.test(line) && line.length < 4000)
      // httpd.conf(5) names the server, which no client can call by an address.
      .filter((one) => one.service !== 'openbsd-httpd' || /^\S*[G-Zg-z]/.test(one.line));
    const file = command.path('all.log');
    const text = lines.map(
      // Lines of one process could be those of one connection.
      ({ program, line }, index) => `Mar 19 12:00:00 gw ${program}[${index + 1}]: ${line}\n`,
    );
    writeFileSync(file, text.join(''), 'latin1');
    const { stdout } = await command.run('parse', '--json', '--year', '2026', file);
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((row) => JSON.parse(row) as { service: string | null; address: string | null });
    expect(events).toHaveLength(lines.length);
    for (const [index, { line, service: own, address, program }] of lines.entries()) {
      const event = events[index];
      // PAM speaks in the name of any program, in words of its own.
      if (event?.service !== 'pam')
        expect([own, ...sharing(program), null]).toContain(event?.service);
      else
        expect(line).toMatch(
          /^(?:error: )?(?:pam_|\(pam_unix\) |PAM |PAM: |authentication f|Authentication f|\d+ more auth|in |check pass)/,
        );
      expect({ line, address: event?.address ?? address }).toEqual({ line, address });
    }
  });
});
