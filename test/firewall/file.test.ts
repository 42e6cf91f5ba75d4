import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileFirewall } from '../../src/firewall/file.ts';
import { apply } from '../contract/firewall-contract.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcblock-file-'));
  file = join(folder, 'pf.blocked');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A program that writes its arguments, what the file holds then, and its environment. */
function recorder(exitCode = 0): string {
  const program = join(folder, 'recorder');
  writeFileSync(
    program,
    `#!/bin/sh\necho "$# $1 $(cat ${file}) \${SECRET-none}" >> ${folder}/ran\necho first >&2\necho second >&2\nexit ${exitCode}\n`,
  );
  chmodSync(program, 0o755);
  return program;
}

describe('the table file', () => {
  it('is written only if it differs, and keeps its mode', async () => {
    writeFileSync(file, '# mine\n9.9.9.9\n', { mode: 0o640 });
    const firewall = fileFirewall(file, []);
    await apply({ firewall }, ['9.9.9.9/32']);
    expect(readFileSync(file, 'utf8')).toBe('# mine\n9.9.9.9\n');
    await apply({ firewall }, ['8.8.8.8/32']);
    expect(readFileSync(file, 'utf8')).toBe('8.8.8.8/32\n');
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(['pf.blocked']);
  });

  it('is left as it was if it cannot be written', async () => {
    const missing = join(folder, 'none', 'pf.blocked');
    await expect(
      apply({ firewall: fileFirewall(missing, []) }, ['9.9.9.9/32']),
    ).rejects.toMatchObject({ code: 'file' });
    await expect(
      apply({ firewall: fileFirewall(folder, []) }, ['9.9.9.9/32']),
    ).rejects.toMatchObject({ code: 'file' });
  });
});

describe('firewall.command', () => {
  it('runs after each apply, with its arguments unchanged and without the environment', async () => {
    process.env['SECRET'] = 'known';
    try {
      const firewall = fileFirewall(file, [recorder(), '$(id); *']);
      await apply({ firewall }, ['9.9.9.9/32']);
      await apply({ firewall }, ['9.9.9.9/32']);
    } finally {
      delete process.env['SECRET'];
    }
    expect(readFileSync(join(folder, 'ran'), 'utf8')).toBe(
      '1 $(id); * 9.9.9.9/32 none\n1 $(id); * 9.9.9.9/32 none\n',
    );
  });

  it('does not run in a dry run', async () => {
    const firewall = fileFirewall(file, [recorder()]);
    await apply({ firewall }, ['9.9.9.9/32'], { dryRun: true });
    expect(readdirSync(folder)).toEqual(['recorder']);
  });

  it('fails with its error message, and runs again after the next apply', async () => {
    await expect(
      apply({ firewall: fileFirewall(file, [recorder(3)]) }, ['9.9.9.9/32']),
    ).rejects.toMatchObject({
      code: 'program',
      message: expect.stringMatching(
        /pf\.blocked written, but firewall\.command failed: .*recorder: first second$/,
      ),
    });
    expect(readFileSync(file, 'utf8')).toBe('9.9.9.9/32\n');
    await apply({ firewall: fileFirewall(file, [recorder()]) }, ['9.9.9.9/32']);
    expect(readFileSync(join(folder, 'ran'), 'utf8').split('\n')).toHaveLength(3);
  });
});
