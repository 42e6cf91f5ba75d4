import { wordsOf } from '../process/run-program.ts';
import type { FirewallFault } from './firewall.ts';
import { type Pfctl, tableLimit } from './pfctl.ts';

/** With fewer entries left, a large log or a feed may no longer fit. */
const FULL_SHARE = 0.9;

/**
 * Why pf passes packets from addresses in the table, or soon will: pf is disabled, no rule blocks from
 * the table, or the table is nearly full. Undefined if all is well, or if only root can tell.
 */
export async function pfFault(
  pfctl: Pfctl,
  table: string,
  rules: number,
): Promise<FirewallFault | undefined> {
  const info = await pfctl.list('info');
  if (info === undefined) return undefined;
  if (!info.ok) return { text: wordsOf(info.stderr), advice: 'run mcblock doctor as root' };
  if (!/^Status: Enabled\b/m.test(info.stdout.toString('latin1'))) {
    return { text: 'pf is disabled: nothing is blocked', advice: 'run pfctl -e' };
  }
  const listed = await pfctl.list('rules');
  const text = listed?.stdout.toString('latin1') ?? '';
  const blocking = text.split('\n').filter((rule) => blocksFrom(rule, table));
  if (blocking.length === 0) {
    return {
      text: `no rule of pf blocks from <${table}>: nothing is blocked`,
      advice: `put "block drop in quick from <${table}>" into pf.conf; run pfctl -f /etc/pf.conf`,
    };
  }
  if (!blocking.some((rule) => /\squick\s/.test(rule))) {
    return {
      text: `the rule that blocks from <${table}> is not quick: a later rule may pass`,
      advice: 'add "quick" to the rule in pf.conf, and run pfctl -f /etc/pf.conf',
    };
  }
  return (await limitFault(pfctl, rules)) ?? requestFault(pfctl, rules);
}

/** pfctl writes `<table>` or, with -v, `<table:COUNT>`; rules of anchors are indented. */
function blocksFrom(rule: string, table: string): boolean {
  const [, source] = /^\s*block\s(?:.*\s)?from <([\w-]+)(?::[\d*]+)?>(?:\s|$)/.exec(rule) ?? [];
  return source === table;
}

async function limitFault(pfctl: Pfctl, rules: number): Promise<FirewallFault | undefined> {
  const { stdout } = await pfctl.run('memory');
  const limit = tableLimit(stdout);
  if (limit === undefined || rules <= limit * FULL_SHARE) return undefined;
  return {
    text: `${rules} rules; pf holds ${limit} table entries`,
    advice: `put "set limit table-entries ${2 * rules}" into pf.conf and load it`,
  };
}

/** Beyond this limit FreeBSD lists the table no more, and refuses a pf.conf with such a table file. */
async function requestFault(pfctl: Pfctl, rules: number): Promise<FirewallFault | undefined> {
  const limit = await pfctl.requestLimit();
  if (limit === undefined || rules <= limit * FULL_SHARE) return undefined;
  return {
    text: `${rules} rules; FreeBSD takes ${limit} addresses in one request`,
    advice: `put net.pf.request_maxcount=${2 * rules} into /boot/loader.conf, and run sysctl with it`,
  };
}
