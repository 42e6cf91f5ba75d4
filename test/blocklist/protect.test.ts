import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtectedSpace, REASONS_BY_HAND } from '../../src/blocklist/protect.ts';
import type { Protection, ProtectionReason } from '../../src/blocklist/request.ts';
import { containsPrefix, overlaps } from '../../src/net/prefix.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { FAMILIES, prefix, protections } from './arbitraries.ts';

function protection(text: string, reason: ProtectionReason = 'allowed'): Protection {
  return { prefix: parsePrefix(text), reason };
}

describe('ProtectedSpace', () => {
  it('finds what contains a prefix behind what lies beside it', () => {
    const space = new ProtectedSpace([
      protection('10.0.0.0/24'),
      protection('10/8'),
      protection('10.0.0.1'),
    ]);
    expect(space.overlapping(parsePrefix('10.1/16'))).toEqual(protection('10/8'));
  });

  it('names the allow-list before a login, and a login before private space', () => {
    const all = [
      protection('192.168/16', 'private'),
      protection('192.168.1.1', 'login'),
      protection('192.168.1.0/24', 'allowed'),
    ];
    expect(new ProtectedSpace(all).overlapping(parsePrefix('192.168/16'))).toEqual(all[2]);
    expect(new ProtectedSpace(all.slice(0, 2)).overlapping(parsePrefix('192.168/16'))).toEqual(
      all[1],
    );
  });

  it('finds for some reasons alone', () => {
    const space = new ProtectedSpace([
      protection('10/8', 'private'),
      protection('10.0.0.1', 'own'),
    ]);
    expect(space.overlapping(parsePrefix('10.1/16'), REASONS_BY_HAND)).toBeUndefined();
    expect(space.overlapping(parsePrefix('10.0/16'), REASONS_BY_HAND)?.reason).toBe('own');
  });

  it.each(FAMILIES)('agrees with a look at every protection, IPv%i', (family) => {
    fc.assert(
      fc.property(
        protections(family),
        protections(family === 4 ? 6 : 4),
        protections(family),
        prefix(family),
        (some, foreign, more, around) => {
          const all = [...some, ...foreign, ...more];
          const space = new ProtectedSpace([...some, ...foreign]).plus(more);
          const overlapping = all.filter((one) => overlaps(one.prefix, around));
          const found = space.overlapping(around);
          if (overlapping.length === 0) expect(found).toBeUndefined();
          else expect(overlapping).toContainEqual(found);

          const containing = all.filter((one) => containsPrefix(one.prefix, around));
          const container = space.containing(around);
          if (containing.length === 0) expect(container).toBeUndefined();
          else expect(containing).toContainEqual(container);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
