import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { grammars } from '#grammars';
import type { Scanner } from '../../../grammar/notation/scanner.ts';
import { FollowedLog } from '../../../src/log/follow/follow.ts';
import type { Batch, Recorded } from '../../../src/log/follow/follow-content.ts';
import type { FollowOptions } from '../../../src/log/follow/follow-rotations.ts';
import { readOffences } from '../../../src/log/read-offences.ts';
import { formatAddress } from '../../../src/net/address-text.ts';
import { type Prefix, prefixAround } from '../../../src/net/prefix.ts';
import { sourceOf } from '../lines-of.ts';
import { tinyScanner } from '../tiny-scanner.ts';

const NOW = Date.UTC(2026, 2, 24) / 1000;
const spaceAround = (address: Parameters<typeof prefixAround>[0]): Prefix =>
  prefixAround(address, 24);

let folder = '';
let log = '';
let memory: EntryRepository;
let reports: string[] = [];
let followed: FollowedLog[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcblock-test-'));
  log = join(folder, 'auth.log');
  memory = new EntryRepository();
  reports = [];
  followed = [];
});
afterEach(() => {
  for (const one of followed) one.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Row {
  readonly head: string;
  readonly bytes: number;
  readonly digest: Buffer;
}

/** What a store keeps of batches: how far logs were read, and what counted. */
class EntryRepository {
  rows: Row[] = [];
  offences: string[] = [];
  batches = 0;
  failures: Error[] = [];

  known(head: Uint8Array): Row[] {
    return this.rows.filter((row) => row.head === hex(head));
  }

  readonly record = ({ content, known, instead, groups }: Batch): Recorded => {
    const failure = this.failures.shift();
    if (failure) throw failure;
    const expected = new Set([
      ...known.map(({ digest }) => hex(digest)),
      instead ? hex(instead) : '',
    ]);
    const found = this.known(content.head);
    expected.delete('');
    if (found.length !== expected.size || found.some(({ digest }) => !expected.has(hex(digest)))) {
      return 'changed';
    }
    this.batches++;
    this.rows = this.rows.filter(({ digest }) => instead === undefined || !digest.equals(instead));
    const digest = Buffer.from(content.digest);
    this.rows.push({ head: hex(content.head), bytes: content.bytes, digest });
    for (const { offences } of groups(spaceAround)) {
      for (const { at, address, port, points, kind } of offences) {
        const peer = `${formatAddress(address)}:${port}`;
        this.offences.push(`${at} ${peer} ${points} ${kind.message}`);
      }
    }
    return 'recorded';
  };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function follow(options: Partial<FollowOptions> = {}): FollowedLog {
  const one = new FollowedLog(log, {
    scanners: [tinyScanner],
    zone: 'UTC',
    points: new Map(),
    known: (head) => memory.known(head),
    now: () => NOW,
    report: (text) => reports.push(text),
    ...options,
  });
  followed.push(one);
  return one;
}

/** What is there now; then how far it was read is recorded, as at the end of a process. */
async function readOnce(one = follow()): Promise<void> {
  await one.read(memory.record, () => false);
  one.recordOffsets(memory.record);
}

async function poll(one: FollowedLog): Promise<void> {
  await one.read(memory.record, () => false);
}

/** `n` is the time, the process and the address. */
function attempt(n: number): string {
  const at = new Date((NOW - 90_000 + n) * 1000).toISOString().slice(0, 19);
  return `${at}Z gw sshd[${n}]: Failed password for root from 5.149.${n % 250}.9 port 4711 ssh2\n`;
}

function attempts(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, index) => attempt(from + index)).join('');
}

function nginxLine(second: number): string {
  return `2026/03/23 10:00:0${second} [error] 1#1: Failed x for root from 5.149.1.9 port 1 ssh2\n`;
}

/** The numbers of the attempts that were counted, in order. */
function counted(): number[] {
  return memory.offences
    .map((text) => Number(text.split(' ')[0]) - NOW + 90_000)
    .toSorted((p, q) => p - q);
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

describe('a log that is followed', () => {
  it('is read line by line, as it grows', async () => {
    const one = follow();
    await poll(one);
    expect(reports).toEqual([`${log} does not exist yet`]);
    writeFileSync(log, attempts(0, 3));
    await poll(one);
    expect(counted()).toEqual(range(0, 3));
    const text = attempts(3, 5);
    appendFileSync(log, text.slice(0, -10));
    await poll(one);
    expect(counted()).toEqual(range(0, 4));
    appendFileSync(log, text.slice(-10));
    await poll(one);
    await poll(one);
    expect(counted()).toEqual(range(0, 5));
  });

  it('waits for the end of its first line, and of a line of any length', async () => {
    const one = follow();
    writeFileSync(log, attempt(0).slice(0, 30));
    await poll(one);
    expect(memory.batches).toBe(0);
    appendFileSync(log, attempt(0).slice(30));
    await poll(one);
    for (const length of [65_000, 66_000, 700_000, 2_500_000]) {
      appendFileSync(log, 'x'.repeat(length));
      await poll(one);
      appendFileSync(log, `x\n${attempt(length)}`);
      await poll(one);
    }
    expect(counted()).toEqual([0, 65_000, 66_000, 700_000, 2_500_000].map((n) => n));
  });

  it('is continued by the next process, without repetition', async () => {
    writeFileSync(log, attempts(0, 3));
    await readOnce();
    appendFileSync(log, attempts(3, 6));
    await readOnce();
    await readOnce();
    expect(counted()).toEqual(range(0, 6));
    expect(memory.rows).toHaveLength(2);
  });

  it('counts the same in pieces as in one, however processes end', async () => {
    // Few processes and addresses, so that connections have several lines.
    const line = fc.record({
      pid: fc.integer({ min: 1, max: 3 }),
      text: fc.nat({ max: 3 }),
      host: fc.nat({ max: 1 }),
    });
    const texts = [
      (a: string) => `Failed password for root from ${a} port 1 ssh2`,
      (a: string) => `Invalid user admin from ${a} port 1`,
      (a: string) => `Connection closed by ${a} port 1 [preauth]`,
      () => 'last message repeated 2 times',
    ];
    const steps = fc.array(
      fc.oneof(
        { weight: 5, arbitrary: line },
        { weight: 2, arbitrary: fc.constant('poll' as const) },
        { weight: 1, arbitrary: fc.constant('kill' as const) },
        { weight: 1, arbitrary: fc.constant('stop' as const) },
        { weight: 1, arbitrary: fc.constant('renew' as const) },
      ),
      { maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (taken) => {
        memory = new EntryRepository();
        let [whole, at] = ['', 0];
        writeFileSync(log, '');
        let one = follow();
        for (const step of taken) {
          if (typeof step === 'object') {
            const time = new Date((NOW - 9000 + at++) * 1000).toISOString();
            const said = texts[step.text]!(`192.0.2.${step.host}`);
            const text = `${time} gw sshd[${step.pid}]: ${said}\n`;
            appendFileSync(log, text);
            whole += text;
          } else if (step === 'poll') await poll(one);
          else if (step === 'renew') {
            one.recordOffsets(memory.record);
            one.renew({
              scanners: [tinyScanner],
              zone: 'UTC',
              points: new Map(),
              known: (head) => memory.known(head),
              now: () => NOW,
              report: () => {},
            });
          } else {
            if (step === 'stop') one.recordOffsets(memory.record);
            one.close();
            one = follow();
          }
        }
        await poll(one);
        one.close();
        followed = [];
        const summary = await readOffences(sourceOf(whole, NOW), {
          scanners: [tinyScanner],
          zone: 'UTC',
          points: new Map(),
          known: () => [],
        });
        const expected = [...summary.groups(spaceAround)].flatMap(({ offences }) =>
          Array.from(
            offences,
            ({ at: time, address, port, points, kind }) =>
              `${time} ${formatAddress(address)}:${port} ${points} ${kind.message}`,
          ),
        );
        expect(memory.offences.toSorted()).toEqual(expected.toSorted());
      }),
      { numRuns: 60 },
    );
  });

  it('is read again if a batch could not be recorded', async () => {
    writeFileSync(log, attempts(0, 3));
    const one = follow();
    await poll(one);
    appendFileSync(log, attempts(3, 6));
    memory.failures = [new Error('the disk is full')];
    await expect(poll(one)).rejects.toThrow('the disk is full');
    appendFileSync(log, attempts(6, 9));
    await poll(one);
    expect(counted()).toEqual(range(0, 9));
  });

  it('does not count again what another process recorded of it meanwhile', async () => {
    writeFileSync(log, attempts(0, 3));
    const one = follow();
    await poll(one);
    appendFileSync(log, attempts(3, 6));
    await readOnce();
    expect(counted()).toEqual(range(0, 6));
    appendFileSync(log, attempts(6, 9));
    await poll(one);
    expect(counted()).toEqual(range(0, 9));
  });

  it('is not recorded at every line that does not count', async () => {
    writeFileSync(log, attempts(0, 1));
    const one = follow();
    await poll(one);
    for (let turn = 0; turn < 5; turn++) {
      appendFileSync(log, '2026-03-23T00:00:00Z gw cron[1]: nothing\n');
      await poll(one);
    }
    expect(memory.batches).toBe(1);
    one.recordOffsets(memory.record);
    one.recordOffsets(memory.record);
    expect(memory.batches).toBe(2);
  });

  it('is recorded in few batches if it is already long', async () => {
    const count = 40_000;
    writeFileSync(log, attempts(0, count));
    const megabytes = statSync(log).size / 2 ** 20;
    expect(megabytes).toBeGreaterThan(3);
    const one = follow();
    await poll(one);
    expect(memory.offences.length).toBe(count);
    expect(memory.batches).toBe(2);
    appendFileSync(log, attempts(count, count + 3));
    await poll(one);
    expect(memory.offences.length).toBe(count + 3);
    expect(memory.batches).toBe(3);
  });

  it('can be stopped in the middle of a long log, and continues there', async () => {
    const count = 40_000;
    writeFileSync(log, attempts(0, count));
    const one = follow();
    let asked = 0;
    await one.read(memory.record, () => ++asked > 3);
    one.recordOffsets(memory.record);
    expect(memory.offences.length).toBeGreaterThan(0);
    expect(memory.offences.length).toBeLessThan(count);
    await readOnce();
    expect(memory.offences.length).toBe(count);
  });

  it('records how it began, and how far it was read', async () => {
    const one = follow();
    for (const end of [3, 6, 9, 12]) {
      writeFileSync(log, attempts(0, end));
      await poll(one);
    }
    expect(memory.rows.map(({ bytes }) => bytes)).toEqual([
      attempts(0, 3).length,
      attempts(0, 12).length,
    ]);
    await readOnce();
    appendFileSync(log, attempts(12, 15));
    await readOnce();
    expect(counted()).toEqual(range(0, 15));
  });

  it('is refused if it is not a regular file', async () => {
    writeFileSync(log, gzipSync(attempts(0, 3)));
    await readOnce();
    expect(reports).toEqual([`${log}: compressed; cannot be followed`]);
    rmSync(log);
    mkdirSync(log);
    await expect(readOnce()).rejects.toThrow('is not a regular file');
  });

  it('is recognised as the file of a service as soon as its lines tell', async () => {
    const scanner: Scanner = {
      ...tinyScanner,
      service: 'nginx',
      programs: ['nginx'],
      file: grammars.find(({ service }) => service === 'nginx')?.file,
      // Behind its time and level.
      scan: (bytes, start, end, reading) =>
        tinyScanner.scan(bytes, Buffer.from(bytes).indexOf('Failed', start), end, reading),
    };
    // The first line could be of any file; the second is certainly nginx's.
    writeFileSync(log, 'no line of a log\n');
    const one = follow({ scanners: [scanner] });
    await poll(one);
    appendFileSync(log, nginxLine(1) + nginxLine(2));
    await poll(one);
    appendFileSync(log, nginxLine(3));
    await poll(one);
    expect(memory.offences).toHaveLength(3);
  });
});

describe('a log that is rotated', () => {
  it('is read to its end, and its last line without a newline once it is no longer written to', async () => {
    writeFileSync(log, attempts(0, 3));
    const one = follow();
    await poll(one);
    renameSync(log, `${log}.0`);
    appendFileSync(`${log}.0`, attempts(3, 5));
    await poll(one);
    writeFileSync(log, attempts(6, 8));
    await poll(one);
    appendFileSync(`${log}.0`, attempt(5).trimEnd());
    await poll(one);
    expect(counted()).toEqual([0, 1, 2, 3, 4, 6, 7]);
    utimesSync(`${log}.0`, NOW, NOW);
    await poll(one);
    expect(counted()).toEqual(range(0, 8));
    await readOnce();
    expect(counted()).toEqual(range(0, 8));
  });

  it('has its unread rotations read, compressed ones too', async () => {
    writeFileSync(`${log}.3.gz`, gzipSync('2026-03-01T00:00:00Z gw sshd[1]: of old, never read\n'));
    writeFileSync(log, attempts(0, 3));
    await readOnce();
    appendFileSync(log, attempts(3, 6));
    writeFileSync(`${log}.2.gz`, gzipSync(attempts(0, 6)));
    writeFileSync(`${log}.1`, attempts(6, 9));
    writeFileSync(`${log}.0`, '');
    writeFileSync(log, attempts(9, 12));
    [3, 2].forEach((n) => utimesSync(`${log}.${n}.gz`, NOW - n * 1000, NOW - n * 1000));
    utimesSync(`${log}.1`, NOW - 1000, NOW - 1000);
    await readOnce();
    expect(counted()).toEqual(range(0, 12));
    await readOnce();
    expect(counted()).toEqual(range(0, 12));
  });

  it('has no rotation read when it is followed for the first time', async () => {
    writeFileSync(`${log}.0`, attempts(0, 3));
    writeFileSync(log, attempts(3, 6));
    await readOnce();
    expect(counted()).toEqual(range(3, 6));
  });

  it('is read on after a damaged rotation', async () => {
    writeFileSync(log, attempts(0, 300));
    await readOnce();
    writeFileSync(`${log}.1.gz`, gzipSync(attempts(0, 303)));
    writeFileSync(`${log}.0.gz`, gzipSync(attempts(400, 900)).subarray(0, 900));
    utimesSync(`${log}.1.gz`, NOW - 1000, NOW - 1000);
    writeFileSync(log, attempts(303, 306));
    await readOnce();
    expect(counted()).toEqual(range(0, 306));
    expect(reports.join()).toContain('truncated');
  });

  it('finds the files between when it was rotated several times', async () => {
    writeFileSync(log, attempts(0, 3));
    const one = follow();
    await poll(one);
    appendFileSync(log, attempts(3, 5));
    renameSync(log, `${log}.2`);
    writeFileSync(`${log}.1`, attempts(5, 7));
    writeFileSync(`${log}.0`, attempts(7, 9));
    writeFileSync(log, attempts(9, 11));
    await poll(one);
    expect(counted()).toEqual(range(0, 11));
  });
});

describe('a log that is rotated at any moment', () => {
  it('has each line counted once, even if the process is killed at any moment', async () => {
    const happening = fc.constantFrom('nothing', 'nothing', 'append', 'rotate', 'compress', 'kill');
    const step = fc.constantFrom('append', 'append', 'rotate', 'compress', 'poll', 'poll', 'kill');
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25 }),
        fc.array(happening, { maxLength: 40 }),
        async (steps, interruptions) => {
          rmSync(folder, { recursive: true });
          mkdirSync(folder);
          memory = new EntryRepository();
          const writer = new Writer();
          writer.append();
          let one = follow();
          await poll(one);
          const pending = [...interruptions];
          // Whatever is asked of outside while a log is read, something may happen then.
          const interrupted = (): void => {
            const next = pending.shift();
            if (next === 'kill') throw new Killed();
            if (next !== undefined) writer.act(next);
          };
          const restart = (): void => {
            one.close();
            one = follow({
              known: (head) => {
                interrupted();
                return memory.known(head);
              },
            });
          };
          const record = (batch: Batch): Recorded => {
            interrupted();
            const recorded = memory.record(batch);
            interrupted();
            return recorded;
          };
          for (const taken of steps) {
            if (taken === 'kill') restart();
            else if (taken !== 'poll') writer.act(taken);
            else {
              await one
                .read(record, () => false)
                .catch((error: unknown) => {
                  if (!(error instanceof Killed)) throw error;
                  restart();
                });
            }
          }
          pending.length = 0;
          await poll(one);
          one.close();
          followed = [];
          expect(counted()).toEqual(range(0, writer.count));
        },
      ),
      {
        numRuns: 400,
        // The log is rotated and compressed while its rotations are examined.
        examples: [
          [
            ['append', 'kill', 'rotate', 'poll'],
            ['rotate', 'compress', ...Array.from({ length: 5 }, () => 'nothing'), 'kill'],
          ],
        ],
      },
    );
  });
});

class Killed extends Error {}

/** Writes the log, and rotates it as newsyslog does. */
class Writer {
  count = 0;
  readonly #start = Math.floor(Date.now() / 1000) - 8;
  #rotations: string[] = [];

  act(what: string): void {
    if (what === 'append') this.append();
    else if (what === 'rotate') this.rotate();
    else if (what === 'compress') this.compress();
  }

  append(): void {
    appendFileSync(log, attempt(this.count++));
    // Each at another second: what is written within one tick of the clock has no order.
    utimesSync(log, this.#start + this.count, this.#start + this.count);
  }

  rotate(): void {
    this.#rotations = this.#rotations.toReversed().map((suffix, index) => {
      const to = `${this.#rotations.length - index}${suffix.replace(/^\d+/, '')}`;
      renameSync(`${log}.${suffix}`, `${log}.${to}`);
      return to;
    });
    this.#rotations = ['0', ...this.#rotations.toReversed()];
    renameSync(log, `${log}.0`);
    this.append();
  }

  /** The newest one that is not yet. */
  compress(): void {
    const index = this.#rotations.findIndex((suffix) => !suffix.endsWith('.gz'));
    const suffix = this.#rotations[index];
    if (suffix === undefined) return;
    const file = `${log}.${suffix}`;
    const { atime, mtime } = statSync(file);
    writeFileSync(`${file}.gz`, gzipSync(readFileSync(file)));
    utimesSync(`${file}.gz`, atime, mtime);
    rmSync(file);
    this.#rotations[index] = `${suffix}.gz`;
  }
}

describe('a log that is truncated', () => {
  it('begins again, whether shorter or longer than before', async () => {
    writeFileSync(log, attempts(0, 5));
    const one = follow();
    await poll(one);
    writeFileSync(log, attempts(5, 6));
    await poll(one);
    writeFileSync(log, attempts(6, 20));
    await poll(one);
    expect(counted()).toEqual(range(0, 20));
  });

  it('has its last lines in its copy', async () => {
    writeFileSync(log, attempts(0, 5));
    const one = follow();
    await poll(one);
    appendFileSync(log, attempts(5, 8));
    copyFileSync(log, `${log}.1`);
    truncateSync(log);
    await poll(one);
    await poll(one);
    appendFileSync(log, attempts(8, 10));
    await poll(one);
    expect(counted()).toEqual(range(0, 10));
  });

  it('is not counted again if its copy lacks the last lines', async () => {
    writeFileSync(log, attempts(0, 5));
    writeFileSync(`${log}.2`, attempts(900, 905));
    const one = follow();
    await poll(one);
    copyFileSync(log, `${log}.1`);
    appendFileSync(log, attempts(5, 8));
    await poll(one);
    writeFileSync(log, attempts(8, 10));
    await poll(one);
    await poll(one);
    expect(counted()).toEqual(range(0, 10));
  });

  it('continues at its end if its end was lost in a power failure', async () => {
    writeFileSync(log, attempts(0, 8));
    await readOnce();
    writeFileSync(log, attempts(0, 5));
    const one = follow();
    await poll(one);
    expect(reports.join()).toContain('is shorter than when it was last read');
    appendFileSync(log, attempts(8, 10));
    await poll(one);
    one.recordOffsets(memory.record);
    await readOnce();
    expect(counted()).toEqual(range(0, 10));
  });

  it('is distinguished from rotations that begin with the same line', async () => {
    const header = 'a line that every log begins with\n';
    writeFileSync(log, header + attempts(0, 8));
    await readOnce();
    renameSync(log, `${log}.0`);
    writeFileSync(log, header + attempts(8, 10));
    await readOnce();
    expect(counted()).toEqual(range(0, 10));
  });
});
