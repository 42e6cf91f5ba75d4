import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signal } from '../../src/process/program.ts';
import { NO_NAMESPACES } from '../firewall/namespace.ts';
import { Network } from '../firewall/network.ts';
import { CommandLine } from '../support/command-line.ts';
import { program } from '../support/program.ts';
import { until } from '../support/until.ts';

const NMAP = '/usr/bin/nmap';
const ACTIVATE = '/usr/bin/systemd-socket-activate';
const ATTACKER = '5.149.104.2';
const FORGED = '5.149.200.9';
const REDIRECT = `
table inet probe {
  chain redirected {
    type nat hook prerouting priority dstnat;
    tcp dport != 22 redirect to :7777
  }
}`;
const WHY = NO_NAMESPACES ?? (existsSync(NMAP) ? undefined : 'needs nmap (Debian package nmap)');

describe.skipIf(WHY)(`mcblock probe${WHY ? `: ${WHY}` : ''}`, () => {
  let line: CommandLine;
  let network: Network;
  let children: ChildProcess[];
  beforeEach(() => {
    line = new CommandLine();
    network = new Network([ATTACKER], 1);
    children = [];
    line.config = line.path('mcblock.toml');
    const [host] = network.hosts;
    network.outside.ip(
      `route replace ${host!.address4.replace(/\d+$/, '4')}/30 dev a1 src ${ATTACKER}`,
    );
    writeFileSync(
      line.config,
      '[firewall]\nkind = "nft"\n[probe]\nredirect = 7777\nports = [23]\n',
    );
  });
  afterEach(() => {
    for (const child of children) signal(child, 'SIGKILL', true);
    line.remove();
    network.remove();
  });

  function run(argv: readonly string[]) {
    const [command = '', ...args] = argv;
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    children.push(child);
    const said = { text: '' };
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data: Buffer) => {
        said.text += data.toString();
      });
    }
    return { child, said };
  }

  function start(...options: string[]) {
    const { namespace } = network.hosts[0]!;
    const mcblock = [process.execPath, program, '--db', line.db, '--config', line.config!];
    return run(namespace.argv(...mcblock, 'probe', '--as-root', ...options));
  }

  function nmap(...options: string[]) {
    const to = network.hosts[0]!.address4;
    return run(network.outside.argv(NMAP, '-Pn', '-n', '-r', ...options, to));
  }

  it('has a scan dropped by the firewall while it goes on, and makes nothing of forged packets', async () => {
    const { namespace } = network.hosts[0]!;
    namespace.nftables(REDIRECT);
    const probe = start();
    await until(() => probe.said.text.includes('probing port 23 and port 7777'), {
      instead: () => probe.said.text,
    });
    // A scan by SYN alone finishes no handshake, and its source may be forged.
    await once(nmap('-sS', '-p', '1-500').child, 'close');
    await once(nmap('-sS', '-p', '1-20', '-S', FORGED, '-e', 'a1').child, 'close');
    expect(await line.json('show')).toEqual([]);

    const scan = nmap('-sT', '-p', '1-65535');
    await until(() => probe.said.text.includes('new 5.149.104/24'));
    await until(() => namespace.run('nft', 'list', 'ruleset').includes('5.149.104.0'));
    expect(scan.child.exitCode).toBeNull();
    signal(scan.child, 'SIGKILL', true);

    line.now = `${new Date().toISOString().slice(0, 19)}Z`;
    const { stdout } = await line.run('explain', ATTACKER);
    expect(stdout).toContain(`${ATTACKER}: probe tcp/1 1`);
    signal(probe.child, 'SIGTERM', true);
    await once(probe.child, 'close');
    const [, accepted, recorded] = /([\d,]+) connections accepted, ([\d,]+) recorded/.exec(
      probe.said.text,
    )!;
    expect(recorded).toBe(accepted);
    expect(probe.said.text).toMatch(/; ListenOverflows \d/);
    const [entry] = await line.json<{ hits: number; origin: string }[]>('show');
    expect(entry).toMatchObject({ hits: Number(accepted!.replaceAll(',', '')), origin: 'grok' });
  });

  it('reads the rules again on SIGHUP, and says that other ports need a restart', async () => {
    const before = readFileSync(line.config!, 'utf8');
    const little = '[[rule]]\nname = "little"\nservices = ["probe"]\npoints = 1\n';
    writeFileSync(line.config!, `${before}${little}`);
    const { namespace } = network.hosts[0]!;
    namespace.nftables(REDIRECT);
    const probe = start();
    const says = (text: string) =>
      until(() => probe.said.text.includes(text), { instead: () => probe.said.text });
    await says('probing port 23');
    await once(nmap('-sT', '-p', '23,25,110').child, 'close');
    await until(async () => (await explained()).includes('pending: 3 of 30'), {
      instead: () => probe.said.text,
    });

    writeFileSync(line.config!, before.replace('[23]', '[23, 25]'));
    signal(probe.child, 'SIGHUP', true);
    await says('restart mcblock probe for new ports');
    await says('configuration reloaded');
    writeFileSync(line.config!, 'probe.port = 23\n');
    signal(probe.child, 'SIGHUP', true);
    await says('keeping the old configuration');
    await once(nmap('-sT', '-p', '23,25,110').child, 'close');
    await says(`new ${ATTACKER}`);

    signal(probe.child, 'SIGTERM', true);
    await once(probe.child, 'close');
    expect(probe.said.text).toMatch(/ 6 connections accepted, 6 recorded/);
    writeFileSync(line.config!, before);
    expect(await explained()).toContain(`${ATTACKER}: active, activated once`);
  });

  it.skipIf(!existsSync(ACTIVATE))(
    'takes the sockets that systemd opened, and blocks the address alone',
    async () => {
      const { namespace } = network.hosts[0]!;
      writeFileSync(line.config!, '[firewall]\nkind = "nft"\n');
      const ports = ['23', '25', '110'].flatMap((port) => ['-l', port]);
      const mcblock = [process.execPath, program, '--db', line.db, '--config', line.config!];
      const probe = run(
        namespace.argv(ACTIVATE, ...ports, ...mcblock, 'probe', '--as-root', '--no-apply'),
      );
      await until(() => probe.said.text.includes('Listening'), { instead: () => probe.said.text });
      await once(nmap('-sT', '-p', '23,25').child, 'close');
      await until(async () => (await explained()).includes('pending: 20 of 30'), {
        instead: () => probe.said.text,
      });
      expect(await explained()).toContain(`points of ${ATTACKER}\n`);
      await once(nmap('-sT', '-p', '23,110').child, 'close');
      await until(async () => (await explained()).includes(`${ATTACKER}: active, activated once`));
      expect(await explained()).toMatch(/probe tcp\/110 1/);
      signal(probe.child, 'SIGTERM', true);
      await once(probe.child, 'close');
    },
  );

  async function explained(): Promise<string> {
    line.now = `${new Date().toISOString().slice(0, 19)}Z`;
    return (await line.run('explain', ATTACKER)).stdout;
  }
});
