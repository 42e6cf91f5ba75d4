import { describe, expect, it } from 'vitest';
import { emptyLine } from '../../../src/log/line.ts';
import { halfSipHash, UserHasher } from '../../../src/log/offences/user-hasher.ts';
import { loadScanners } from '../../../src/log/scanners.ts';

/** The first of vectors_hsip64 in the reference implementation (veorq/SipHash). */
const VECTORS = [
  '218d1f59b9b83cc8',
  'be552412f8387315',
  '064f39ef7c50eb57',
  'ce0f1a45f7060679',
  'd5e78a175be52ea1',
  'cb9d7c3f2f3db580',
  'ce3e91358aa2bc25',
  'ff202728b07bc684',
  'edfee820bce4858c',
];

const KEY = Buffer.from([0, 1, 2, 3, 4, 5, 6, 7]);

describe('halfSipHash', () => {
  it('gives what the reference implementation gives', () => {
    const key = Uint32Array.of(KEY.readUInt32LE(0), KEY.readUInt32LE(4));
    const hashes = VECTORS.map((_, length) => {
      const hash = new Uint32Array(2);
      halfSipHash(
        Uint8Array.from({ length }, (__, n) => n),
        0,
        length,
        key,
        hash,
      );
      const bytes = Buffer.alloc(8);
      for (const [word, value] of hash.entries()) bytes.writeUInt32LE(value, word * 4);
      return bytes.toString('hex');
    });
    expect(hashes).toEqual(VECTORS);
  });
});

describe('UserHasher', async () => {
  const scanners = await loadScanners('');
  const groups = [
    ['sshd', 'pam'],
    ['dovecot', 'postfix'],
  ];

  function hashOf(service: string, user: string, hasher = new UserHasher(scanners, groups, KEY)) {
    const line = emptyLine();
    line.bytes = Buffer.from(`for ${user}`);
    line.speaker = scanners.findIndex((scanner) => scanner.service === service);
    line.reading.userStart = 4;
    line.reading.userEnd = line.bytes.length;
    return hasher.hashOf(line);
  }

  it('is the same for the same name in services that share their users, byte by byte', () => {
    const bob = hashOf('dovecot', 'bob');
    expect(hashOf('postfix', 'bob')).toBe(bob);
    expect(hashOf('postfix', 'Bob')).not.toBe(bob);
    expect(hashOf('sshd', 'bob')).not.toBe(bob);
    expect(hashOf('pam', 'bob')).toBe(hashOf('sshd', 'bob'));
    expect(hashOf('exim', 'bob')).not.toBe(hashOf('vsftpd', 'bob'));
  });

  it('depends on the key, and on the groups', () => {
    const bob = hashOf('dovecot', 'bob');
    expect(hashOf('dovecot', 'bob', new UserHasher(scanners, groups))).not.toBe(bob);
    const apart = new UserHasher(scanners, [], KEY);
    expect(hashOf('dovecot', 'bob', apart)).not.toBe(hashOf('postfix', 'bob', apart));
  });

  it('is 0 where no user is named', () => {
    expect(hashOf('sshd', '')).toBe(0);
    expect(new UserHasher(scanners, groups, KEY).hashOf(emptyLine())).toBe(0);
  });

  it('is that of the line before for a line that repeats it', () => {
    const hasher = new UserHasher(scanners, groups, KEY);
    const bob = hashOf('sshd', 'bob', hasher);
    expect(hasher.hashOf({ ...emptyLine(), number: 1, repeatsLast: true })).toBe(bob);
    expect(hasher.hashOf({ ...emptyLine(), number: 3, repeatsLast: true })).toBe(0);
  });
});
