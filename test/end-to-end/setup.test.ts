import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NO_NAMESPACES } from '../firewall/namespace.ts';
import { Network } from '../firewall/network.ts';
import { failedLogin, hasJournal, JournalFiles } from '../support/journal-files.ts';
import { Machine } from '../support/machine.ts';
import { until } from '../support/until.ts';

const YESTERDAY = '5.149.104.7';
const TODAY = '11.201.53.9';
const OFFICE = '81.187.20.91';
const STORE = '/var/lib/mcblock/mcblock.db';
const LOG = '/var/log/auth.log';
const WATCH = 'mcblock-watch.service';

/** What sshd wrote of three failed logins. */
function attack(from: string, secondsAgo: number): string {
  const at = new Date(Date.now() - secondsAgo * 1000).toISOString().slice(0, 19);
  const lines = [1, 2, 3].map(
    (pid) =>
      `${at}Z gw sshd[${pid}]: Failed password for root from ${from} port ${4000 + pid} ssh2\n`,
  );
  return lines.join('');
}

describe.skipIf(NO_NAMESPACES !== undefined)('setup on a Linux machine with systemd', () => {
  let network: Network;
  let machine: Machine;
  let address: string;
  beforeAll(async () => {
    network = new Network(
      [YESTERDAY, TODAY, OFFICE].map((one) => `${one}/32`),
      1,
    );
    const [host] = network.hosts;
    if (host === undefined) throw new Error('no host');
    await network.serve(host);
    address = host.address4;
    machine = await new Machine(host.namespace).ready();
    machine.append(LOG, attack(YESTERDAY, 86_400));
    machine.output('chmod', '640', LOG);
  });
  afterAll(() => {
    machine.remove();
    network.remove();
  });

  function setup(...args: string[]) {
    return machine.run('mcblock', 'setup', ...args);
  }

  it('asks, then blocks the offenders in the log and those that come later', async () => {
    const env = { SSH_CONNECTION: `${OFFICE} 50000 ${address} 22` };
    const answers = { env, input: '\n\ny\ny\n' };
    const { exitCode, stdout } = machine.runWith(
      answers,
      'script',
      '--quiet',
      '--return',
      '--command',
      'umask 077; mcblock setup',
      '/dev/null',
    );
    expect(stdout).toContain(`never to block: [${OFFICE}/32] `);
    expect(stdout).toContain(`Logs to follow, or journal: [${LOG}] `);
    // Nobody told the terminal how wide it is.
    expect(stdout).toContain('\n  run mcblock apply\r');
    expect(exitCode).toBe(0);
    expect(await network.isOpen(YESTERDAY, address)).toBe(false);
    expect(await network.isOpen(TODAY, address)).toBe(true);

    machine.append(LOG, attack(TODAY, 0) + attack(OFFICE, 0));
    await until(async () => !(await network.isOpen(TODAY, address)));
    expect(await network.isOpen(OFFICE, address)).toBe(true);
    expect(machine.output('stat', '-c', '%U %a', STORE, '/etc/mcblock.toml', '/etc/systemd')).toBe(
      '_mcblock 600\nroot 644\nroot 755\n',
    );
  });

  it('leaves a machine on which doctor finds no problem', () => {
    const { exitCode, stdout } = machine.run('mcblock', 'doctor');
    expect(stdout).not.toMatch(/^problem/m);
    expect(exitCode).toBe(0);
    expect(machine.output('mcblock', 'status')).toContain(`; read by ${WATCH}\n`);
  });

  it.each([['show'], ['add', '9.9.9.9']])(
    'tells other users that the store of the machine is another one: %s',
    (...command) => {
      const env = { HOME: machine.output('mktemp', '-d', '/var/tmp/home.XXXXXX').trim() };
      machine.output('chown', 'nobody', env.HOME);
      const asNobody = ['setpriv', '--reuid=nobody', '--regid=65534', '--clear-groups'];
      expect(machine.runWith({ env }, ...asNobody, 'mcblock', ...command)).toEqual({
        exitCode: 1,
        stdout: '',
        stderr: expect.stringContaining(
          'that of this machine is in /var/lib/mcblock: run it as root',
        ),
      });
      expect(machine.output('find', env.HOME, '-type', 'f')).toBe('');
    },
  );

  it('leaves a machine that blocks again after a reboot', async () => {
    machine.output('systemctl', 'stop', WATCH);
    machine.output('nft', 'flush', 'ruleset');
    const { stdout } = machine.run('mcblock', 'doctor', '--quiet');
    expect(stdout).toMatch(/^problem {2}firewall: .* does not exist/m);
    expect(stdout).toMatch(
      /^problem {2}services: mcblock-watch.service is enabled but not running$/m,
    );
    machine.output('systemctl', 'boot');
    expect(await network.isOpen(YESTERDAY, address)).toBe(false);
    expect(machine.run('mcblock', 'status').exitCode).toBe(0);
  });

  it('changes nothing when it is run again, and no file that was changed by hand', () => {
    const again = setup('--yes');
    expect(again.exitCode).toBe(0);
    expect(again.stderr).toContain('keep /etc/mcblock.toml: up to date');
    machine.append(`/etc/systemd/system/${WATCH}`, '# mine\n');
    expect(setup('--yes')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(`${WATCH}: not written by setup, or changed since`),
    });
    expect(setup('--yes', '--force').exitCode).toBe(0);
    expect(machine.output('cat', `/etc/systemd/system/${WATCH}.save`)).toContain('# mine\n');
  });

  it('is undone with --remove, except for the history', async () => {
    expect(setup('--remove', '--yes')).toMatchObject({ exitCode: 0 });
    expect(await network.isOpen(YESTERDAY, address)).toBe(true);
    expect(machine.output('find', '/etc', '-name', '*mcblock*')).toBe(
      `/etc/systemd/system/${WATCH}.save\n`,
    );
    expect(machine.run('systemctl', 'is-active', WATCH).exitCode).not.toBe(0);
    expect(machine.run('mcblock', 'check', YESTERDAY).exitCode).toBe(0);
    expect(setup('--remove', '--yes')).toMatchObject({ exitCode: 0 });
    expect(machine.output('mcblock', 'doctor')).toContain(
      'no service, hook or cron job reads logs',
    );
  });

  it.skipIf(!hasJournal)(
    'follows the journal if there is no auth.log, beginning before the boot',
    async () => {
      machine.output('rm', '-rf', LOG, '/var/lib/mcblock');
      const id = readFileSync('/etc/machine-id', 'utf8').trim();
      const folder = `/var/log/journal/${id}`;
      const files = new JournalFiles(join(machine.shared, randomUUID()));
      const now = Math.floor(Date.now() / 1000);
      files.write([1, 2, 3].map((pid) => failedLogin(now - 60, pid, loginFrom(YESTERDAY, pid))));
      machine.output('mkdir', '-p', folder);
      machine.output('cp', join(files.folder, 'system.journal'), folder);
      machine.output('chgrp', '-R', 'systemd-journal', folder);
      machine.output('chmod', '-R', 'g+rX', folder);
      expect(setup('--yes', '--no-history')).toMatchObject({ exitCode: 0 });
      await until(async () => !(await network.isOpen(YESTERDAY, address)));
      expect(machine.output('mcblock', 'doctor')).toContain(
        'log: the journal can be read; 3 of the last',
      );
    },
  );
});

function loginFrom(address: string, pid: number) {
  return { MESSAGE: `Failed password for root from ${address} port ${4000 + pid} ssh2` };
}
