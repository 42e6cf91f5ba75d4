import { nounText } from '../count-text.ts';
import type { FirewallUpdater } from '../engine/firewall/firewall-updater.ts';
import type { BanPublisher } from '../engine/publish/ban-publisher.ts';
import { activated, type BatchReport, changesRules } from '../engine/watch/batch-recorder.ts';
import type { Context } from './context.ts';
import { jsonText } from './text/json-text.ts';
import { likelyProxyText } from './text/proxy-text.ts';
import { watchJson, watchLine, withdrawnJson, withdrawnLine } from './text/watch-text.ts';

/** What a program that runs until it is stopped does with each change: publish, print and apply it. */
export function changeTeller(
  context: Context,
  publisher: BanPublisher | undefined,
  updater: FirewallUpdater | undefined,
): (report: BatchReport) => void {
  return (report) => {
    publisher?.publish(report.bans);
    announce(context, report);
    for (const proxy of report.uncounted) {
      context.stderr.write(`mcblock: ${report.log}: not counted: ${likelyProxyText(proxy)}\n`);
    }
    if (report.refused > 0) {
      const entries = nounText(report.refused, 'entry', 'entries');
      context.stderr.write(
        `mcblock: ${entries} refused: too much would be blocked (limits.share)\n`,
      );
    }
    if (report.changesHoles || report.withdrawn.length > 0) updater?.apply();
    else if (changesRules(report)) updater?.add(report.bans.map(({ prefix }) => prefix));
  };
}

/** Prints a line for each entry that is new, active again, extended or withdrawn. */
function announce(context: Context, report: BatchReport): void {
  const { json, quiet } = context.options;
  const { log, withdrawn } = report;
  const entries = activated(report);
  if (json) {
    context.lines(withdrawn.map((prefix) => jsonText(withdrawnJson(log, prefix))));
    context.lines(entries.map((entry) => jsonText(watchJson(log, entry))));
  } else if (!quiet) {
    context.lines(withdrawn.map((prefix) => withdrawnLine(log, prefix)));
    context.lines(entries.map((entry) => watchLine(log, entry)));
  }
}
