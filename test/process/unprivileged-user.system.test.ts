import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { unprivilegedUser } from '../../src/process/unprivileged-user.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcblock-test-'));
const passwd = join(folder, 'passwd');
afterAll(() => rmSync(folder, { recursive: true }));

function userIn(text: string) {
  writeFileSync(passwd, text);
  return unprivilegedUser(passwd);
}

describe.skipIf(process.getuid?.() !== 0)('the unprivileged user (needs root)', () => {
  it('is nobody', () => {
    const root = 'root:x:0:0:root:/root:/bin/sh\n';
    expect(userIn(`${root}nobody:x:65534:65533:nobody:/:/sbin/nologin\n`)).toEqual({
      uid: 65_534,
      gid: 65_533,
    });
    expect(userIn(`${root}nobody:*:-2:-2:Unprivileged User:/var/empty:/usr/bin/false`)).toEqual({
      uid: -2,
      gid: -2,
    });
  });

  it.each([
    ['missing', 'root:x:0:0:root:/root:/bin/sh\n'],
    ['root', 'nobody:x:0:65534::/:/bin/sh\n'],
    ['in the group of root', 'nobody:x:65534:0::/:/bin/sh\n'],
    ['incomplete', 'nobody:x\n'],
    ['no number', 'nobody:x:y:z::/:/bin/sh\n'],
  ])('is an error if nobody is %s', (_, text) => {
    expect(() => userIn(text)).toThrow(expect.objectContaining({ code: 'system' }));
  });
});

describe.skipIf(process.getuid?.() === 0)('without root', () => {
  it('is the user of this process', () => {
    expect(unprivilegedUser()).toBeUndefined();
  });
});
