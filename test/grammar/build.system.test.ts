import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { instantiate, type LateGrammar } from '../../grammar/notation/instance.ts';
import { scanLine } from './reader.ts';

const script = fileURLToPath(new URL('../../scripts/build-grammars.mjs', import.meta.url));
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcblock-grammars-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function build() {
  return spawnSync(process.execPath, [script, folder, join(folder, 'out')], { encoding: 'utf8' });
}

it('builds a module for each grammar, and a list of them', async () => {
  writeFileSync(join(folder, 'b.grammar'), 'service b "b"\nm note = "b " USER\n');
  writeFileSync(join(folder, 'a.grammar'), 'service a "a"\nm sign 5 = "a " ADDRESS\n');
  expect(build()).toMatchObject({ status: 0, stderr: '' });
  const built = join(folder, 'out', 'grammars.cjs');
  expect(readdirSync(join(folder, 'out', 'grammars'))).toEqual(['a.wasm', 'b.wasm']);
  const { grammars } = (await import(pathToFileURL(built).href)) as { grammars: LateGrammar[] };
  const scanners = grammars.map(instantiate);
  expect(scanners.map(({ service }) => service)).toEqual(['a', 'b']);
  expect(scanLine(scanners[0]!, 'a 192.0.2.7')).toMatchObject({
    message: 'm',
    address: '192.0.2.7',
  });
  expect(existsSync(join(folder, 'out', 'grammars.d.cts'))).toBe(true);
});

it('writes nothing if a grammar has a fault or an example fails, and names them all', () => {
  writeFileSync(join(folder, 'a.grammar'), 'service a "a"\nm note = "a" FOO\n');
  writeFileSync(join(folder, 'b.grammar'), 'service b "b"\nm note = "b"\n  > c | no address\n');
  const { status, stderr } = build();
  expect(status).toBe(1);
  expect(stderr).toContain('a.grammar:2:14: unknown field FOO');
  expect(stderr).toContain('b.grammar:3:3: expected m, no address; read no message');
  expect(existsSync(join(folder, 'out'))).toBe(false);
});
