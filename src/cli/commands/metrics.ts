import type { Command } from 'commander';
import type { Finding } from '../../engine/doctor/finding.ts';
import { findingMetrics, storeMetrics } from '../../engine/metrics.ts';
import { isPast } from '../../engine/past.ts';
import { McblockError } from '../../errors.ts';
import { writeFileWhole } from '../../firewall/atomic-file.ts';
import { prometheusText } from '../../prometheus.ts';
import type { Context } from '../context.ts';
import { findings } from '../findings.ts';

interface MetricsOptions {
  readonly checks?: true;
  readonly output?: string;
}

export function define(command: Command, context: Context): void {
  command
    .description(
      "Prints metrics of the store in Prometheus's text format, for the textfile collector of node_exporter. Metrics that serve and listen export too have the same names there. With --now, a time in the past is refused.",
    )
    .option('--checks', 'run the checks of doctor, and count problems and warnings')
    .option('-o, --output <file>', 'replace this file atomically, keeping its mode')
    .addHelpText(
      'after',
      `
Examples:
  mcblock metrics
  mcblock metrics --checks --output /var/lib/prometheus/node-exporter/mcblock.prom

For cron(8), and a dashboard for Grafana, see docs/reports.md.
`,
    )
    .action((options: MetricsOptions) => metrics(context, options));
}

async function metrics(context: Context, { checks, output }: MetricsOptions): Promise<void> {
  const store = await context.store('read');
  if (isPast(store, context.now)) {
    const what = 'metrics are of the present; for a time in the past see mcblock stats';
    throw new McblockError('usage', what);
  }
  const url = (await context.config()).get('fleet.url');
  const all = storeMetrics(store, await context.policy(), context.now, url);
  if (checks) {
    const found: Finding[] = [];
    for await (const finding of findings(context)) found.push(finding);
    all.push(...findingMetrics(found));
  }
  if (output !== undefined) writeFileWhole(output, [Buffer.from(prometheusText(all))]);
  else if (context.options.json) context.json(all);
  else context.stdout.write(prometheusText(all));
}
