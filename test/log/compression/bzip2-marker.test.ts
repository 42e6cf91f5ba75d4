import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { bunzip2 } from '../../../src/log/compression/bunzip2.ts';
import { makeMarker } from '../../../src/log/compression/bzip2-marker.ts';
import { findProgram } from '../../../src/log/compression/program.ts';
import { memorySource } from '../../../src/log/source.ts';

const bzip2 = findProgram('bzip2');

const refuse = (warning: string): never => expect.fail(warning);

describe('makeMarker', () => {
  it('makes another every time', () => {
    const texts = Array.from({ length: 50 }, () => makeMarker().text.toString('hex'));
    expect(new Set(texts).size).toBe(50);
  });

  it('makes a stream of the text', async () => {
    for (let i = 0; i < 50; i++) {
      const { text, stream } = makeMarker();
      const pieces: Buffer[] = [];
      for await (const piece of bunzip2(memorySource('', [stream], 0).chunks(), '', refuse)) {
        pieces.push(Buffer.from(piece));
      }
      expect(Buffer.concat(pieces)).toEqual(text);
    }
  });

  it.skipIf(bzip2 === undefined)('makes a stream that bzip2 takes', () => {
    const { text, stream } = makeMarker();
    expect(execFileSync(bzip2 ?? '', ['-dc'], { input: stream })).toEqual(text);
  });
});
