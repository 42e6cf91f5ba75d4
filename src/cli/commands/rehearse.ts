import { basename } from 'node:path';
import type { Command } from 'commander';
import { loadGeo } from '../../engine/geo.ts';
import { proxySearchOf } from '../../engine/policies.ts';
import { type Rehearsal, type RehearsedPolicy, rehearse } from '../../engine/rehearse/rehearse.ts';
import { McblockError } from '../../errors.ts';
import { oldestFirst } from '../../log/follow/rotation.ts';
import { readOffences } from '../../log/read-offences.ts';
import { type Config, loadConfig } from '../config/config.ts';
import type { Context } from '../context.ts';
import {
  addLogOptions,
  grammarReporter,
  type LogCommandOptions,
  openLog,
  readOptionsOf,
} from '../log-options.ts';
import { policiesOf, usersIn } from '../policy/policy-rules.ts';
import { Progress } from '../progress.ts';
import { rehearsalJson, rehearsalLines } from '../text/rehearsal-text.ts';

const MAX_POLICIES = 8;
/** The name of the usual configuration. */
const USUAL = 'now';

interface RehearseOptions extends LogCommandOptions {
  readonly also?: readonly string[];
}

export function define(command: Command, context: Context): void {
  addLogOptions(command)
    .description(
      'Runs logs, as one history, through the policy in an empty store, and shows what it would have done: who would have been blocked, when and for how long, how many other addresses with them that never offended, how many offences would not have arrived, and who logged in later. With --config or --also, compares the usual configuration with others. Changes nothing. A login counts from its time on, as when logs are followed.',
    )
    .argument('<file...>', 'logs, as for grok')
    .option(
      '--also <file>',
      'compare with this configuration too; may be given more than once',
      oneMore,
    )
    .addHelpText(
      'after',
      `
Shows 20 prefixes that differ, all with --verbose: the day and the length of the latest block, and in
brackets how many there were, if more than one. The logs hold only what arrived: what blocked hosts
would have done is not known.

Examples:
  mcblock rehearse /var/log/auth.log.*.bz2
  mcblock rehearse --config new.toml /var/log/auth.log.*.bz2
  mcblock rehearse --also mild.toml --also strict.toml /var/log/auth.log
  mcblock rehearse --json auth.log | jq '.[].falseAlarms'
`,
    )
    .action((files: string[], options: RehearseOptions) => rehearseLogs(context, files, options));
}

/** Adds one file to those given before it. */
function oneMore(file: string, before: readonly string[] = []): string[] {
  return [...before, file];
}

async function rehearseLogs(
  context: Context,
  named: readonly string[],
  options: RehearseOptions,
): Promise<void> {
  if (named.includes('-')) {
    throw new McblockError('usage', 'rehearse reads its logs more than once: name files');
  }
  const files = oldestFirst(named);
  const allowed = (await context.store('dry-run')).allowed(context.now).map(({ prefix }) => prefix);
  const rehearsals: Rehearsal[] = [];
  const warned = new Set<string>();
  for (const { name, config } of await configurations(context, options)) {
    const policy = await policyOf(context, name, config, options, warned);
    rehearsals.push(await rehearse(files, policy, allowed, context.now));
  }
  if (context.options.json) context.json(rehearsals.map(rehearsalJson));
  else {
    context.lines(rehearsalLines(rehearsals, context.options.verbose ?? false, context.columns));
  }
}

/** The usual configuration, and those to compare it with. */
async function configurations(
  context: Context,
  { also = [] }: RehearseOptions,
): Promise<{ name: string; config: Config }[]> {
  const usual = context.env['MCBLOCK_CONFIG'];
  const { config: given } = context.options;
  const others = [...(given === undefined || given === usual ? [] : [given]), ...also];
  if (others.length >= MAX_POLICIES) {
    throw new McblockError('usage', `at most ${MAX_POLICIES} configurations can be compared`);
  }
  const names = others.map((file) => basename(file, '.toml'));
  const isDistinct = new Set(names).size === names.length && !names.includes(USUAL);
  return Promise.all(
    [usual, ...others].map(async (file, index) => ({
      name: index === 0 ? USUAL : ((isDistinct ? names : others)[index - 1] ?? ''),
      config: await loadConfig(file, context.env),
    })),
  );
}

async function policyOf(
  context: Context,
  name: string,
  config: Config,
  options: RehearseOptions,
  warned: Set<string>,
): Promise<RehearsedPolicy> {
  const reading = await readOptionsOf(config, options, grammarReporter(context), context.host);
  const geo = await loadGeo({
    country: config.get('geo.country'),
    network: config.get('geo.network'),
  });
  const policies = policiesOf(config, geo, reading.rules);
  const proxySearch = proxySearchOf(policies);
  return {
    name,
    policies,
    read: async (file, store) => {
      const progress = new Progress(context, `${name}: reading ${file}`);
      const source = openLog(file, context.now);
      try {
        const summary = await readOffences(source, {
          ...reading,
          proxySearch,
          ...usersIn(store, reading.rules),
          known: (head) => store.logs.withHead(head),
          onProgress: (done, total) => progress.showShare(done, total),
        });
        // Each policy reads the same logs.
        for (const warning of summary.warnings.filter((text) => !warned.has(text))) {
          context.remark(warning);
          warned.add(warning);
        }
        return summary;
      } finally {
        progress.end();
        source.close();
      }
    },
  };
}
