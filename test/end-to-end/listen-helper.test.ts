import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signal } from '../../src/process/program.ts';
import { PfHelper } from '../firewall/pf-helper.ts';
import { PfMachine } from '../firewall/pf-machine.ts';
import { REDIS_MISSING, RedisServer } from '../fleet/pubsub/redis-server.ts';
import { CommandLine } from '../support/command-line.ts';
import { program } from '../support/program.ts';
import { until } from '../support/until.ts';

const NOBODY = 65_534;
const MISSING = process.getuid?.() === 0 ? REDIS_MISSING : 'only root can become another user';

describe.skipIf(MISSING)(`mcblock listen as another user (${MISSING ?? 'nobody'})`, () => {
  const machine = new PfMachine();
  const line = new CommandLine();
  let redis: RedisServer;
  let child: ChildProcess;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(async () => {
    if (child !== undefined) signal(child, 'SIGKILL');
    await redis.remove();
    machine.remove();
    line.remove();
  });

  it('changes pf only through the helper', async () => {
    const { helper } = new PfHelper(machine);
    const stores = line.path('stores');
    mkdirSync(stores, { mode: 0o700 });
    chownSync(stores, NOBODY, NOBODY);
    chmodSync(line.folder, 0o755);
    // The pf that is a stand-in is a file, which who plays doas here must be able to write.
    chownSync(machine.folder, NOBODY, NOBODY);
    chownSync(`${machine.folder}/state.json`, NOBODY, NOBODY);
    const config = line.path('mcblock.toml');
    writeFileSync(
      config,
      `${redis.settings}
listen.user = "nobody"
listen.status = ""
firewall.kind = "pf"
firewall.pfctl = "/nonexistent/pfctl"
firewall.helper = ["${helper}"]
`,
    );
    const args = ['--config', config, '--db', `${stores}/mcblock.db`, 'listen'];
    child = spawn(process.execPath, [program, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let log = '';
    child.stderr?.on('data', (bytes: Buffer) => {
      log += bytes.toString();
    });
    await until(() => log.includes('"event":"connected"'));
    expect(readFileSync(`/proc/${child.pid}/status`, 'utf8')).toMatch(
      /^Uid:\t65534\t65534\t65534\t65534$/m,
    );
    redis.publish('block', '192.0.2.7');
    await until(() => machine.state.tables['mcblock']?.includes('192.0.2.7/32') === true);
    expect(log).not.toContain('"event":"failed"');
  });

  it('is refused if that user cannot read the program', () => {
    // A folder of mode 0700, as root's home is.
    const folder = mkdtempSync(join(tmpdir(), 'mcblock-private-'));
    try {
      cpSync(join(dirname(program), '..'), folder, { recursive: true });
      const config = line.path('private.toml');
      writeFileSync(config, `${redis.settings}listen.user = "nobody"\n`);
      const argv = ['--config', config, '--db', line.path('private.db'), 'listen'];
      const { status, stderr } = spawnSync(
        process.execPath,
        [join(folder, 'bin', 'mcblock.js'), ...argv],
        { encoding: 'utf8' },
      );
      expect(stderr).toMatch(
        /^mcblock: listen.user: nobody cannot read the program \(\S+\): install/,
      );
      expect(status).toBe(2);
      expect(existsSync(line.path('private.db'))).toBe(false);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
