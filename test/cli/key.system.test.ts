import { createPrivateKey } from 'node:crypto';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSigningKey, SigningKey } from '../../src/fleet/pubsub/signing-key.ts';
import { LiveServer, PASSWORD } from '../fleet/client/live-server.ts';
import { CommandLine } from '../support/command-line.ts';

describe('mcblock key', () => {
  let line: CommandLine;
  let server: LiveServer;
  let file: string;
  beforeEach(async () => {
    line = new CommandLine();
    server = new LiveServer(line.path('fleet.db'));
    await server.start();
    await server.addUser('gate1');
    file = line.path('signing.key');
    configure();
  });
  afterEach(async () => {
    await server.stop();
    line.remove();
  });

  function configure(more = `pubsub.signing-key = "${file}"`): void {
    writeFileSync(line.path('password'), PASSWORD, { mode: 0o600 });
    line.config = line.path('mcblock.toml');
    writeFileSync(
      line.config,
      `fleet.url = "${server.url}"
fleet.user = "gate1"
fleet.password-file = "${line.path('password')}"
pubsub.address = "127.0.0.1:1"
${more}
`,
    );
  }

  const registered = async () => (await server.store.keys()).map(({ name, key }) => [name, key]);
  const doctor = async () => {
    const { stdout } = await line.run('--json', 'doctor');
    const findings = JSON.parse(stdout) as { name: string; state: string; text: string }[];
    return findings.find(({ name }) => name === 'key');
  };

  it('makes a key that only its owner can read, registers it, and shows it from then on', async () => {
    const made = await line.run('key');
    const key = readSigningKey(file).publicKey;
    expect(made).toEqual({
      exitCode: 0,
      stdout: `${key} gate1\n`,
      stderr: `new key in ${file}\nregistered with ${server.url}\n`,
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(createPrivateKey(readFileSync(file)).asymmetricKeyType).toBe('ed25519');
    expect(await registered()).toEqual([['gate1', key]]);
    expect(await line.json('key')).toEqual({ user: 'gate1', file, key, made: false });
    expect(readSigningKey(file).publicKey).toBe(key);
  });

  it('replaces a key, unless the API does not take the new one', async () => {
    await line.run('key');
    const old = readFileSync(file, 'utf8');
    const { exitCode } = await line.run('key', '--replace');
    const next = readFileSync(file, 'utf8');
    expect([exitCode, next === old]).toEqual([0, false]);
    expect(await registered()).toEqual([['gate1', readSigningKey(file).publicKey]]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    writeFileSync(line.path('password'), 'wrong\n', { mode: 0o600 });
    const refused = await line.run('key', '--replace');
    expect([refused.exitCode, refused.stderr]).toEqual([
      2,
      expect.stringContaining('login refused'),
    ]);
    expect(readFileSync(file, 'utf8')).toBe(next);
  });

  it('keeps a key that it could not register', async () => {
    await server.stop();
    const { exitCode, stdout } = await line.run('key');
    expect([exitCode, stdout]).toEqual([1, expect.stringContaining(' gate1\n')]);
    const { publicKey } = readSigningKey(file);
    await server.start();
    expect((await line.run('key')).stdout).toBe(`${publicKey} gate1\n`);
    expect(await registered()).toEqual([['gate1', publicKey]]);
  });

  it('says which settings it needs', async () => {
    configure('');
    expect((await line.run('key')).stderr).toContain('set pubsub.signing-key to a file');
    writeFileSync(line.path('mcblock.toml'), `pubsub.signing-key = "${file}"`);
    expect((await line.run('key')).stderr).toContain('needs fleet.url and fleet.user');
  });

  it('is examined by doctor, and shown by user list', async () => {
    configure('');
    expect(await doctor()).toMatchObject({
      state: 'warning',
      text: expect.stringMatching(/neither signed nor verified/),
    });
    configure();
    expect(await doctor()).toMatchObject({
      state: 'problem',
      text: expect.stringMatching(/no such file/),
    });
    writeFileSync(file, new SigningKey().pem, { mode: 0o600 });
    expect(await doctor()).toMatchObject({
      state: 'problem',
      text: expect.stringMatching(/has no key of this machine/),
    });
    const { stdout } = await line.run('key');
    const key = stdout.split(' ')[0];
    expect(await doctor()).toMatchObject({ state: 'ok', text: `${key}, registered` });
    const [user] = await line.json<object[]>('user', 'list', '--db', line.path('fleet.db'));
    expect(user).toMatchObject({ name: 'gate1', key, keySince: '2026-01-01T00:00:00Z' });
    await server.store.setKey('gate1', 'B'.repeat(43), 0);
    expect(await doctor()).toMatchObject({
      state: 'problem',
      text: expect.stringMatching(/has another key/),
    });
    chmodSync(file, 0o640);
    expect(await doctor()).toMatchObject({
      state: 'problem',
      text: expect.stringMatching(/chmod 600/),
    });
    const checked = await line.run('config', 'check');
    expect([checked.exitCode, checked.stderr]).toEqual([2, expect.stringContaining('chmod 600')]);
  });
});
