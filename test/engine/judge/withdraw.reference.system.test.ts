import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { isActive } from '../../../src/blocklist/entry.ts';
import { DEFAULT_POLICY } from '../../../src/blocklist/policy.ts';
import { recordLog } from '../../../src/engine/judge/record-log.ts';
import { onePolicy } from '../../../src/engine/policies.ts';
import { readOffences } from '../../../src/log/read-offences.ts';
import { loadScanners } from '../../../src/log/scanners.ts';
import { memorySource } from '../../../src/log/source.ts';
import { formatPrefix } from '../../../src/net/prefix-text.ts';
import { openStore } from '../../../src/store/store.ts';

const NOW = Date.UTC(2026, 2, 24) / 1000;
const START = Date.UTC(2026, 2, 23) / 1000;
const scanners = await loadScanners('');

interface Step {
  readonly minutes: number;
  readonly host: number;
  readonly user: string;
  readonly ok: boolean;
  readonly times: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  minutes: fc.integer({ min: 1, max: 60 }),
  host: fc.constantFrom(7, 7, 8, 9),
  user: fc.constantFrom('root', 'bob'),
  ok: fc.integer({ min: 0, max: 9 }).map((n) => n < 3),
  times: fc.constantFrom(1, 1, 2, 3, 35),
});

/** The lines of a log of less than a day, from one network. */
function linesOf(steps: readonly Step[]): string[] {
  let at = START;
  let pid = 1000;
  return steps.flatMap(({ minutes, host, user, ok, times }) => {
    at += minutes * 60;
    return Array.from({ length: ok ? 1 : times }, (_, index) => {
      const time = new Date((at + index) * 1000).toISOString().slice(0, 19);
      const what = ok ? 'Accepted' : 'Failed';
      return `${time}Z gw sshd[${pid++}]: ${what} password for ${user} from 5.149.105.${host} port 1 ssh2\n`;
    });
  });
}

/** The entries that are active after these logs are read one after the other. */
async function activeAfter(logs: readonly string[]): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'mcblock-test-'));
  const store = openStore(join(folder, 'mcblock.db'), { mode: 'write' });
  try {
    const userKey = store.logins.userKey();
    const policies = onePolicy(DEFAULT_POLICY);
    for (const [index, log] of logs.entries()) {
      const source = memorySource(`log${index}`, [Buffer.from(log)], NOW);
      const options = { scanners, zone: 'UTC', points: new Map(), known: () => [], userKey };
      const summary = await readOffences(source, options);
      recordLog(store, summary, { ...policies, source: 'log' }, NOW);
    }
    return Array.from(store.entries())
      .filter((entry) => isActive(entry, NOW))
      .map(({ prefix }) => formatPrefix(prefix));
  } finally {
    store.close();
    rmSync(folder, { recursive: true });
  }
}

it('what is blocked is the same, whether a log of a day is read as a whole or in parts', async () => {
  let withdrawn = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 2, maxLength: 12 }),
      fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
      async (steps, cuts) => {
        const lines = linesOf(steps);
        const ends = [...cuts.map((cut) => cut % lines.length), lines.length].toSorted(
          (p, q) => p - q,
        );
        const parts = ends.map((end, index) => lines.slice(ends[index - 1] ?? 0, end).join(''));
        const whole = await activeAfter([lines.join('')]);
        const first = await activeAfter(parts.slice(0, 1));
        if (first.length > whole.length) withdrawn++;
        expect(await activeAfter(parts.filter((part) => part !== ''))).toEqual(whole);
      },
    ),
    {
      numRuns: 60,
      // Three failures block; the login after them is read later.
      examples: [
        [
          [
            { minutes: 1, host: 7, user: 'root', ok: false, times: 3 },
            { minutes: 1, host: 7, user: 'root', ok: true, times: 1 },
          ],
          [3],
        ],
      ],
    },
  );
  expect(withdrawn).toBeGreaterThan(0);
}, 120_000);
