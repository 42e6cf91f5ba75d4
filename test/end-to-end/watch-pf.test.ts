import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chmodSync, existsSync, renameSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signal } from '../../src/process/program.ts';
import { LAYOUTS, PROBE, pcapFile, pcapPacket } from '../log/pf/pflog-maker.ts';
import { CommandLine } from '../support/command-line.ts';
import { program } from '../support/program.ts';
import { until } from '../support/until.ts';

const DAY = 86_400;
const START = Date.UTC(2026, 2, 1) / 1000;
const TCPDUMP = '/usr/bin/tcpdump';

function packet(seconds: number, source: string, device = 'em0'): Buffer {
  return pcapPacket('little', LAYOUTS.freebsd, { ...PROBE, seconds, source, interface: device });
}

describe('watch --pf', () => {
  let line: CommandLine;
  let child: ChildProcess;
  let said = '';
  beforeEach(async () => {
    line = new CommandLine();
    line.now = '2026-03-01T00:00:00Z';
    await line.run('add', '5.149.104.0/24', '--for', '10d');
    await line.run('add', '5.149.200.0/24', '--for', '1d');
    line.now = '2026-03-08T00:00:00Z';
  });
  afterEach(() => {
    signal(child, 'SIGKILL');
    line.remove();
  });

  function start(...argv: string[]): void {
    launch('watch', '--pf', '--external', 'em0', ...argv);
  }

  function launch(...argv: string[]): void {
    said = '';
    const all = ['--db', line.db, '--now', line.now, ...argv];
    child = spawn(process.execPath, [program, ...all], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (data: Buffer) => {
        said += data.toString();
      });
    }
  }

  async function stop(): Promise<void> {
    const closed = once(child, 'close');
    signal(child, 'SIGTERM');
    await closed;
    expect([child.exitCode, said]).toEqual([0, expect.anything()]);
  }

  async function entries(): Promise<unknown[]> {
    const all = await line.json<{ prefix: string; hits: number; activations: number }[]>(
      'show',
      '--all',
      '--origin',
      'manual',
    );
    return all.map(({ prefix, hits, activations }) => [prefix, hits, activations]);
  }

  const isShown = (text: string) => until(() => said.includes(text), { instead: () => said });

  it('hits and brings back as packets are logged, across rotation, and goes on after a restart', async () => {
    const log = line.path('pflog');
    writeFileSync(log, pcapFile('little', [packet(START + DAY, '5.149.104.2')]));
    start(log);
    await until(async () => JSON.stringify(await entries()).includes('["5.149.104.0/24",1,1]'));
    // pflogd writes when its buffer is full, wherever that is.
    const next = packet(START + 2 * DAY, '5.149.104.3');
    appendFileSync(log, next.subarray(0, 30));
    appendFileSync(log, next.subarray(30));
    appendFileSync(log, packet(START + 2 * DAY, '5.149.200.9'));
    await isShown('reactivated 5.149.200/24');
    // What nobody offended from makes no entry; nor does another interface.
    appendFileSync(log, packet(START + 2 * DAY, '5.150.1.1'));
    appendFileSync(log, packet(START + 3 * DAY, '5.149.104.4', 'em1'));
    renameSync(log, line.path('pflog.0'));
    appendFileSync(line.path('pflog.0'), packet(START + 3 * DAY, '5.149.104.5'));
    writeFileSync(log, pcapFile('little', [packet(START + 4 * DAY, '5.149.104.6')]));
    await isShown('extended 5.149.104/24');
    await until(async () => JSON.stringify(await entries()).includes('["5.149.104.0/24",4,1]'));
    await stop();

    appendFileSync(log, packet(START + 5 * DAY, '5.149.104.7'));
    start(log);
    await until(async () => JSON.stringify(await entries()).includes('["5.149.104.0/24",5,1]'));
    await stop();
    expect(await entries()).toEqual([
      ['5.149.104.0/24', 5, 1],
      ['5.149.200.0/24', 1, 2],
    ]);
    expect(await line.json('show', '--origin', 'grok')).toEqual([]);
  });

  it('waits for a log that is empty yet', async () => {
    const log = line.path('pflog');
    writeFileSync(log, '');
    start(log);
    await isShown('watching');
    appendFileSync(log, pcapFile('little', [packet(START + DAY, '5.149.200.9')]));
    await isShown('reactivated 5.149.200/24');
    await stop();
  });

  it('fails if the log is no pcap file, at the start or after rotation', async () => {
    const log = line.path('pflog');
    writeFileSync(log, 'Nov 22 10:00:00 bsd sshd[1]: Server listening on 0.0.0.0 port 22.\n');
    start(log);
    await once(child, 'close');
    const refusal = `mcblock: ${log}: not a pcap file, as pflogd(8) writes it`;
    expect([child.exitCode, said]).toEqual([1, expect.stringContaining(refusal)]);

    const old = line.path('pflog.0');
    writeFileSync(log, pcapFile('little', []));
    start(log);
    await isShown('watching');
    renameSync(log, old);
    writeFileSync(log, 'rule 0/(match) block in on em0: 192.0.2.7.40112 > 198.51.100.9.22\n');
    await once(child, 'close');
    expect([child.exitCode, said]).toEqual([1, expect.stringContaining(refusal)]);
  });

  it('keeps a configuration that was reread, across rotation', async () => {
    const config = line.path('mcblock.toml');
    writeFileSync(config, '[pf]\nexternal = ["em1"]\n[reactivate]\npoints = 1000\n');
    const log = line.path('pflog');
    writeFileSync(log, pcapFile('little', []));
    launch('--config', config, 'watch', '--pf', log);
    await isShown('watching');
    writeFileSync(config, '[pf]\nexternal = ["em0"]\n');
    signal(child, 'SIGHUP');
    await isShown('configuration reloaded');
    appendFileSync(log, packet(START + DAY, '5.149.104.2'));
    await until(async () => JSON.stringify(await entries()).includes('["5.149.104.0/24",1,1]'));
    renameSync(log, line.path('pflog.0'));
    writeFileSync(log, pcapFile('little', [packet(START + 2 * DAY, '5.149.200.9')]));
    await isShown('reactivated 5.149.200/24');
    await stop();
  });

  /** There is no pflog0 here: the real tcpdump reads a file in its place. */
  function captured(): string {
    const log = line.path('pflog');
    writeFileSync(log, pcapFile('little', [packet(START + DAY, '5.149.200.2')]));
    const tcpdump = line.path('tcpdump');
    writeFileSync(tcpdump, `#!/bin/sh\n${TCPDUMP} -r ${log} -w - && exec sleep 100\n`);
    chmodSync(tcpdump, 0o755);
    return tcpdump;
  }

  it.skipIf(!existsSync(TCPDUMP))('reads what tcpdump captures', async () => {
    writeFileSync(line.path('mcblock.toml'), `[pf]\ntcpdump = "${captured()}"\n`);
    start('--config', line.path('mcblock.toml'));
    await isShown('reactivated 5.149.200/24');
    await stop();
  });

  it.skipIf(!existsSync(TCPDUMP))('captures again by a configuration that was reread', async () => {
    const config = line.path('mcblock.toml');
    const pf = `[pf]\ntcpdump = "${captured()}"\n`;
    writeFileSync(config, `${pf}external = ["em1"]\n`);
    launch('--config', config, 'watch', '--pf');
    await isShown('watching');
    writeFileSync(config, `${pf}external = ["em0"]\n`);
    signal(child, 'SIGHUP');
    await isShown('configuration reloaded');
    await isShown('reactivated 5.149.200/24');
    await stop();
  });

  it('says why tcpdump ended', async () => {
    const tcpdump = line.path('tcpdump');
    writeFileSync(tcpdump, '#!/bin/sh\necho "pflog0: No such device" >&2\nexit 1\n');
    chmodSync(tcpdump, 0o755);
    writeFileSync(line.path('mcblock.toml'), `[pf]\ntcpdump = "${tcpdump}"\n`);
    start('--config', line.path('mcblock.toml'));
    await once(child, 'close');
    expect([child.exitCode, said]).toEqual([1, expect.stringContaining('pflog0: No such device')]);
  });
});
