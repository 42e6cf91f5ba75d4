import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { McblockError } from '../../../src/errors.ts';
import type { Decompressor } from '../../../src/log/compression/bzip2.ts';
import { DEFAULT_SIZE_LIMIT_BYTES, decompress } from '../../../src/log/compression/decompress.ts';
import { memorySource, openSource, type Source } from '../../../src/log/source.ts';
import { findProgram } from '../../../src/process/find-program.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcblock-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const HELLO = Buffer.from('hello\nworld\n');
/** More than two blocks of bzip2 -1, and not all alike. */
const LONG = Buffer.from(Array.from({ length: 30_000 }, (_, i) => `line ${i * i}\n`).join(''));

const ignore = (): void => undefined;

interface Read {
  readonly content: Buffer;
  readonly warnings: readonly string[];
}

async function read(
  source: Source,
  decompressor: Decompressor,
  sizeLimitBytes = DEFAULT_SIZE_LIMIT_BYTES,
): Promise<Read> {
  const warnings: string[] = [];
  const pieces: Buffer[] = [];
  const warn = (message: string) => void warnings.push(message);
  for await (const chunk of decompress(source, {
    decompressor,
    sizeLimitBytes,
    onBytes: ignore,
    warn,
  })) {
    pieces.push(Buffer.from(chunk));
  }
  return { content: Buffer.concat(pieces), warnings };
}

async function readFile(
  bytes: Buffer,
  decompressor: Decompressor = 'auto',
  limit?: number,
): Promise<Read> {
  const file = join(folder, 'a log');
  writeFileSync(file, bytes);
  const source = openSource(file, 0);
  try {
    return await read(source, decompressor, limit);
  } finally {
    source.close();
  }
}

function pack(program: string, bytes: Buffer, ...options: string[]): Buffer {
  return execFileSync(program, ['-c', ...options], { input: bytes, maxBuffer: 1 << 28 });
}

/** What can only be read once. */
function once(bytes: Buffer): Source {
  const chunks = [bytes.subarray(0, 2), bytes.subarray(2, 900), bytes.subarray(900)];
  return { ...memorySource('stdin', chunks, 0), totalBytes: undefined };
}

/** Bytes that do not get smaller; the same every time. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = state >>> 16;
  }
  return bytes;
}

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at < 0 ? copy.length + at : at]! ^= 0x10;
  return copy;
}

async function errorOf(reading: Promise<Read>): Promise<McblockError> {
  const error: unknown = await reading.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof McblockError)) throw new Error(`no error of ours: ${String(error)}`);
  expect(error.code).toBe('input');
  return error;
}

const hasBzip2 = findProgram('bzip2') !== undefined;

describe.skipIf(!hasBzip2)('bzip2 (needs bzip2 to make the files)', () => {
  const hello = hasBzip2 ? pack('bzip2', HELLO) : HELLO;
  const long = hasBzip2 ? pack('bzip2', LONG, '-1') : LONG;
  const empty = hasBzip2 ? pack('bzip2', Buffer.alloc(0)) : HELLO;
  const byLbzip2 = findProgram('lbzip2') === undefined ? long : pack('lbzip2', LONG, '-1');
  const all: readonly Decompressor[] = ['built-in', 'bzip2', 'lbzip2', 'auto'];

  describe.each(all)('by %s', (decompressor) => {
    const missing = decompressor === 'lbzip2' && findProgram('lbzip2') === undefined;
    const get = (bytes: Buffer) => readFile(bytes, decompressor);

    it.skipIf(missing).each([
      ['one stream', hello, HELLO],
      ['several blocks', long, LONG],
      ['what lbzip2 made', byLbzip2, LONG],
      [
        'several streams',
        Buffer.concat([long, hello, empty, hello]),
        Buffer.concat([LONG, HELLO, HELLO]),
      ],
      ['an empty log', empty, Buffer.alloc(0)],
      ['a run of the same byte', pack('bzip2', Buffer.alloc(3_000_000)), Buffer.alloc(3_000_000)],
    ])('reads %s', async (_, packed, content) => {
      const done = await get(packed);
      expect(done.content.equals(content)).toBe(true);
      expect(done.warnings).toEqual([]);
    });

    it.skipIf(missing).each([
      ['text', Buffer.from('garbage\n')],
      ['zeros', Buffer.alloc(512)],
      ['one byte', Buffer.from('x')],
      ['what looks like a stream but has no level', Buffer.from('BZh0')],
      ['a long text', Buffer.alloc(100_000, 'garbage')],
    ])('ignores %s after the end, with a warning', async (_, garbage) => {
      const done = await get(Buffer.concat([hello, hello, garbage]));
      expect(done.content.toString()).toBe('hello\nworld\nhello\nworld\n');
      expect(done.warnings).toEqual([
        expect.stringContaining(`ignored trailing data from byte ${hello.length * 2} on`),
      ]);
    });

    it.skipIf(missing).each([
      ['the first stream', long.subarray(0, -20), 0],
      ['the end of a stream', long.subarray(0, -1), LONG.length],
      ['the beginning of a stream', hello.subarray(0, 4), 0],
      ['the second stream', Buffer.concat([hello, hello.subarray(0, 20)]), HELLO.length],
      ['the magic of the second stream', Buffer.concat([hello, Buffer.from('BZ')]), HELLO.length],
      [
        'the second stream after its magic',
        Buffer.concat([hello, Buffer.from('BZh9')]),
        HELLO.length,
      ],
    ])('refuses a file that ends within %s', async (_, packed, decompressed) => {
      const { message } = await errorOf(get(packed));
      expect(message).toContain('a log: truncated');
      expect(message).toContain(` at byte ${packed.length},`);
      const told = Number(/after (\d+) decompressed/.exec(message)?.[1]);
      expect(told).toBeLessThanOrEqual(LONG.length);
      if (decompressed < LONG.length && decompressed > 0) expect(told).toBe(decompressed);
    });

    it.skipIf(missing).each([
      ['the content of a block', flipped(hello, 25), 4],
      ['the checksum of a block', flipped(hello, 11), 4],
      ['the checksum of a stream', flipped(hello, -3), 30],
      ['the second stream', Buffer.concat([hello, flipped(hello, 25)]), hello.length + 4],
      [
        'what follows as a stream',
        Buffer.concat([hello, Buffer.from('BZh9 rubbish rubbish')]),
        hello.length + 4,
      ],
    ])('refuses damage in %s', async (_, packed, from) => {
      const { message } = await errorOf(get(packed));
      const byte = Number(
        /: damaged at byte (\d+), after \d+ decompressed bytes/.exec(message)?.[1],
      );
      expect(byte).toBeGreaterThanOrEqual(from);
      expect(byte).toBeLessThan(from + hello.length);
    });

    it.skipIf(missing)('reports the block that is damaged', async () => {
      const { message } = await errorOf(get(flipped(long, long.length - 2000)));
      const [, byte, bytes] = /at byte (\d+), after (\d+) decompressed/.exec(message) ?? [];
      expect(Number(byte)).toBeGreaterThan(long.length / 4);
      expect(Number(byte)).toBeLessThanOrEqual(long.length - 2000);
      expect(Number(bytes)).toBeGreaterThanOrEqual(100_000 - 20);
    });

    it.skipIf(missing)('stops at the size limit', async () => {
      const packed = pack('bzip2', Buffer.alloc(5_000_000));
      const { message } = await errorOf(readFile(packed, decompressor, 4_000_000));
      expect(message).toContain('more than 4000000 bytes');
      expect((await readFile(packed, decompressor, 5_000_000)).content.length).toBe(5_000_000);
    });

    it.skipIf(missing)('reads a source that can only be read once', async () => {
      expect((await read(once(long), decompressor)).content.equals(LONG)).toBe(true);
      const { message } = await errorOf(read(once(flipped(long, 60_000)), decompressor));
      expect(message).toMatch(/stdin: damaged.*after \d+ decompressed bytes/);
    });
  });

  describe('large files by bzip2', () => {
    /** 16 blocks that hardly get smaller: two parts. */
    const content = noise(1_500_000);
    const packed = hasBzip2 ? pack('bzip2', content, '-1') : content;
    const twice = Buffer.concat([packed, hello, packed]);

    it('reads one stream and several', async () => {
      expect((await readFile(packed, 'bzip2')).content.equals(content)).toBe(true);
      const done = await readFile(twice, 'bzip2');
      expect(done.content.equals(Buffer.concat([content, HELLO, content]))).toBe(true);
      expect(done.warnings).toEqual([]);
    });

    it('reads a stream that expands a thousandfold', async () => {
      const zeros = Buffer.alloc(40_000_000);
      const bytes = Buffer.concat([packed, pack('bzip2', zeros), packed]);
      const done = await readFile(bytes, 'bzip2');
      expect(done.content.equals(Buffer.concat([content, zeros, content]))).toBe(true);
    });

    it('ignores what is after the end, with a warning', async () => {
      const done = await readFile(Buffer.concat([packed, Buffer.from('garbage\n')]), 'bzip2');
      expect(done.content.equals(content)).toBe(true);
      expect(done.warnings).toEqual([
        expect.stringContaining(`ignored trailing data from byte ${packed.length} on`),
      ]);
    });

    it.each([
      ['a block', flipped(packed, 1_200_000)],
      ['the checksum of a stream', flipped(twice, packed.length - 3)],
      ['the end', packed.subarray(0, -5)],
      ['the last block', twice.subarray(0, -1000)],
    ])('reports the same damage in %s as the built-in decoder', async (_, bytes) => {
      const { message } = await errorOf(readFile(bytes, 'bzip2'));
      expect(message).toBe((await errorOf(readFile(bytes, 'built-in'))).message);
    });

    it('stops at the size limit', async () => {
      const { message } = await errorOf(readFile(packed, 'bzip2', 1_400_000));
      expect(message).toContain('holds more than 1400000 bytes');
    });
  });

  it('recognises formats by content, not by name', async () => {
    expect((await readFile(hello)).content).toEqual(HELLO);
    expect((await readFile(HELLO)).content).toEqual(HELLO);
  });
});

describe('gzip', () => {
  const hello = gzipSync(HELLO);
  const long = gzipSync(LONG);

  it.each([
    ['one member', hello, HELLO],
    ['a long member', long, LONG],
    [
      'several members',
      Buffer.concat([long, hello, gzipSync(''), hello]),
      Buffer.concat([LONG, HELLO, HELLO]),
    ],
    ['an empty log', gzipSync(''), Buffer.alloc(0)],
    ['much in little', gzipSync(Buffer.alloc(3_000_000)), Buffer.alloc(3_000_000)],
    ['stored blocks', gzipSync(LONG, { level: 0 }), LONG],
    ['a header with a name', withName(hello, 'auth.log.0'), HELLO],
  ])('reads %s', async (_, packed, content) => {
    const done = await readFile(packed);
    expect(done.content.equals(content)).toBe(true);
    expect(done.warnings).toEqual([]);
    for (const chunkBytes of [1, 7, 18]) {
      if (packed.length > 2000) continue;
      const chunks = Array.from({ length: Math.ceil(packed.length / chunkBytes) }, (__, i) =>
        packed.subarray(i * chunkBytes, (i + 1) * chunkBytes),
      );
      expect((await read(memorySource('x', chunks, 0), 'auto')).content.equals(content)).toBe(true);
    }
  });

  it.skipIf(findProgram('gzip') === undefined)('reads what gzip made (needs gzip)', async () => {
    const file = join(folder, 'named');
    writeFileSync(file, LONG);
    const packed = execFileSync('gzip', ['-c', file]);
    expect((await readFile(packed)).content.equals(LONG)).toBe(true);
  });

  it.each([
    ['text', Buffer.from('garbage\n')],
    ['zeros', Buffer.alloc(512)],
    ['half a magic number', Buffer.from([0x1f, 0x00])],
  ])('ignores %s after the end, with a warning', async (_, garbage) => {
    const done = await readFile(Buffer.concat([long, hello, garbage]));
    expect(done.content.equals(Buffer.concat([LONG, HELLO]))).toBe(true);
    expect(done.warnings).toEqual([
      expect.stringContaining(`ignored trailing data from byte ${long.length + hello.length} on`),
    ]);
  });

  it('refuses a file that is truncated anywhere', async () => {
    const two = Buffer.concat([hello, withName(hello, 'x')]);
    for (let length = 2; length < two.length; length++) {
      if (length === hello.length) continue;
      const { message } = await errorOf(readFile(two.subarray(0, length)));
      expect(message).toContain(`: truncated at byte ${length},`);
    }
    const { message } = await errorOf(readFile(long.subarray(0, -5000)));
    expect(message).toMatch(/after [1-9]\d+ decompressed bytes/);
  });

  it.each([
    ['the content', flipped(long, 5000), 10, long.length],
    ['the checksum', flipped(hello, -6), hello.length - 8, hello.length],
    ['the length', flipped(hello, -1), hello.length - 8, hello.length],
    ['the method', flipped(hello, 2), 0, 1],
    [
      'the second member',
      Buffer.concat([hello, flipped(hello, 2)]),
      hello.length,
      hello.length + 1,
    ],
  ])('refuses damage in %s', async (_, packed, from, to) => {
    const { message } = await errorOf(readFile(packed));
    const byte = Number(/: damaged at byte (\d+), after \d+ decompressed bytes/.exec(message)?.[1]);
    expect(byte).toBeGreaterThanOrEqual(from);
    expect(byte).toBeLessThan(to);
  });

  it('stops at the size limit', async () => {
    const packed = gzipSync(Buffer.alloc(5_000_000));
    expect((await errorOf(readFile(packed, 'auto', 4_000_000))).message).toContain(
      'more than 4000000',
    );
  });
});

describe('plain logs', () => {
  it('are read unchanged, at any length', async () => {
    for (const content of [Buffer.alloc(0), Buffer.from('B'), HELLO, LONG]) {
      expect((await readFile(content)).content.equals(content)).toBe(true);
    }
  });
});

describe('files', () => {
  it('that do not exist are an error', () => {
    expect(() => openSource(join(folder, 'none'), 0)).toThrow(
      expect.objectContaining({ code: 'file', message: expect.stringContaining('no such file') }),
    );
  });

  it('that are directories are an error', () => {
    expect(() => openSource(folder, 0)).toThrow(
      expect.objectContaining({ code: 'file', message: expect.stringContaining('is a directory') }),
    );
  });

  it('that are not regular are read once, and end now', async () => {
    const source = openSource('/dev/null', 1234);
    expect(source).toMatchObject({ fileTime: 1234, totalBytes: undefined });
    expect((await read(source, 'auto')).content.length).toBe(0);
  });
});

function withName(member: Buffer, name: string): Buffer {
  const head = Buffer.from(member.subarray(0, 10));
  head[3]! |= 8;
  return Buffer.concat([head, Buffer.from(`${name}\0`), member.subarray(10)]);
}

/** Packed, or as it is where there is no such program: then nothing is done with it. */
function packedBy(program: string, bytes: Buffer): Buffer {
  return findProgram(program) === undefined ? bytes : pack(program, bytes);
}

describe.each(['xz', 'zstd'])('%s', (program) => {
  describe.skipIf(findProgram(program) === undefined)('(needs it to make the files)', () => {
    const [hello, long] = [packedBy(program, HELLO), packedBy(program, LONG)];

    it.each([
      ['one stream', hello, HELLO],
      ['several streams', Buffer.concat([long, hello, hello]), Buffer.concat([LONG, HELLO, HELLO])],
      ['an empty log', packedBy(program, Buffer.alloc(0)), Buffer.alloc(0)],
    ])('reads %s', async (_, bytes, content) => {
      const done = await readFile(bytes);
      expect(done.content.equals(content)).toBe(true);
      expect(done.warnings).toEqual([]);
      expect((await read(once(bytes), 'auto')).content.equals(content)).toBe(true);
    });

    it.each([
      ['that ends early', long.subarray(0, long.length >> 1)],
      ['that lacks its last byte', hello.subarray(0, -1)],
      ['with a bit that is wrong', flipped(long, long.length >> 1)],
      ['with what is no data of its own behind it', Buffer.concat([hello, Buffer.from('junk\n')])],
    ])('refuses a file %s', async (_, bytes) => {
      const { message } = await errorOf(readFile(bytes));
      expect(message).toMatch(new RegExp(`a log: damaged, after .*\\(${program}: [^/]`));
      expect(message).not.toContain('stdin');
    });

    it('stops at the size limit', async () => {
      const zeros = packedBy(program, Buffer.alloc(50_000_000));
      const { message } = await errorOf(readFile(zeros, 'auto', 1_000_000));
      expect(message).toContain('holds more than 1000000 bytes');
    });
  });
});
