import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Metrics } from '../../src/fleet/metrics.ts';
import { SubscriberStatus } from '../../src/fleet/pubsub/status.ts';
import { statusMetrics } from '../../src/fleet/pubsub/status-metrics.ts';
import { signal } from '../../src/process/program.ts';
import type { Metric } from '../../src/prometheus.ts';
import { CommandLine } from '../support/command-line.ts';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/until.ts';

const NODE_EXPORTER = '/usr/bin/prometheus-node-exporter';
const DASHBOARD = join(import.meta.dirname, '../../examples/grafana-dashboard.json');
const CONFIG = `
[fleet]
url = "https://fleet.example.net"
user = "gate1"
password-file = "/etc/mcblock.password"
`;

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
});
afterEach(() => line.remove());

describe('metrics', () => {
  it('counts what is blocked, what was, and what is allowed', async () => {
    await line.run('add', '5.149.104/24', '5.149.105/24', '9.9.9.9');
    await line.run('expire', '9.9.9.9');
    await line.run('allow', '198.51.100/24');
    const { stdout } = await line.run('metrics');
    const lines = stdout.split('\n');
    for (const sample of [
      'mcblock_blocked_prefixes 2',
      'mcblock_blocked_addresses 512',
      'mcblock_rules 1',
      'mcblock_allowed_prefixes 1',
      'mcblock_activations_total{origin="manual"} 3',
      'mcblock_log_read_seconds 0',
    ]) {
      expect(lines).toContain(sample);
    }
    expect(stdout).not.toContain('mcblock_waiting_reports');
    expect(stdout).not.toContain('mcblock_problems');
  });

  it('has none of the past', async () => {
    await line.run('add', '5.149.104/24');
    expect(await line.run('metrics', '--now', '2025-12-31')).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'mcblock: metrics are of the present; for a time in the past see mcblock stats\n',
    });
  });

  it('counts the offences of the last day by service, and when a log was read', async () => {
    const log = line.path('auth.log');
    const failed = 'gate1 sshd[1]: Failed password for root from 192.0.2.7 port 1 ssh2';
    writeFileSync(log, [1, 2, 3].map((s) => `2025-12-31T12:00:0${s}Z ${failed}\n`).join(''));
    await line.run('grok', '--no-apply', log);
    const first = (await line.run('metrics')).stdout.split('\n');
    expect(first).toContain('mcblock_day_offences{service="sshd"} 3');
    expect(first).toContain(`mcblock_log_read_seconds ${Date.UTC(2026, 0, 1) / 1000}`);
    line.now = '2026-01-03T00:00:00Z';
    expect((await line.run('metrics')).stdout).not.toContain('mcblock_day_offences{');
  });

  it('counts problems of doctor by what was checked', async () => {
    const all = await line.json<Metric[]>('metrics', '--checks');
    const samples = all.find(({ name }) => name === 'mcblock_warnings')?.samples ?? [];
    expect(samples).toContainEqual({ labels: { check: 'firewall' }, value: 1 });
  });

  it('replaces a file whole', async () => {
    const folder = line.path('textfile');
    mkdirSync(folder);
    const file = join(folder, 'mcblock.prom');
    expect((await line.run('metrics', '--output', file)).exitCode).toBe(0);
    expect(readFileSync(file, 'utf8')).toContain('\nmcblock_blocked_prefixes 0\n');
    expect(readdirSync(folder)).toEqual(['mcblock.prom']);
  });
});

describe.skipIf(!existsSync(NODE_EXPORTER))(
  'the textfile collector (Debian package prometheus-node-exporter)',
  () => {
    let exporter: ChildProcess | undefined;
    afterEach(() => {
      if (exporter) signal(exporter, 'SIGKILL');
    });

    it('reads the metrics', async () => {
      line.config = line.path('mcblock.toml');
      writeFileSync(line.config, CONFIG);
      await line.run('add', '--share', '5.149.104/24');
      await line.run('metrics', '--output', line.path('mcblock.prom'));
      const port = await freePort();
      exporter = spawn(
        NODE_EXPORTER,
        [
          '--collector.disable-defaults',
          '--collector.textfile',
          `--collector.textfile.directory=${line.folder}`,
          `--web.listen-address=127.0.0.1:${port}`,
        ],
        { stdio: 'ignore' },
      );
      let text = '';
      await until(async () => {
        text = await fetch(`http://127.0.0.1:${port}/metrics`).then(
          (answer) => answer.text(),
          () => '',
        );
        return text !== '';
      });
      const lines = text.split('\n');
      expect(lines).toContain('node_textfile_scrape_error 0');
      expect(lines).toContain('mcblock_blocked_prefixes 1');
      expect(lines).toContain('mcblock_activations_total{origin="manual"} 1');
      expect(lines).toContain('mcblock_waiting_reports 1');
    });
  },
);

describe('the dashboard for Grafana', () => {
  it('shows only metrics that exist, and every one of a machine', async () => {
    line.config = line.path('mcblock.toml');
    writeFileSync(line.config, CONFIG);
    const ofMachine = await line.json<Metric[]>('metrics', '--checks');
    const others = [
      ...new Metrics().all(0, 0, 0),
      ...statusMetrics(new SubscriberStatus([], 0, () => ({ blocks: 0, commands: 0 }))),
    ];
    const known = new Set([...ofMachine, ...others].map(({ name }) => name));
    const text = readFileSync(DASHBOARD, 'utf8');
    const { panels } = JSON.parse(text) as { panels: { targets?: { expr: string }[] }[] };
    const exprs = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    expect(exprs.length).toBeGreaterThan(20);
    const shown = new Set(
      exprs
        .flatMap((expr) => expr.match(/mcblock_\w+/g) ?? [])
        .map((name) => name.replace(/_bucket$/, '')),
    );
    expect([...shown].filter((name) => !known.has(name))).toEqual([]);
    const unseen = ofMachine.map(({ name }) => name).filter((name) => !shown.has(name));
    expect(unseen).toEqual(['mcblock_allowed_prefixes']);
  });
});
