import type { Command } from 'commander';
import type { Offence } from '../../blocklist/offence.ts';
import { type TestedPolicy, testRules } from '../../engine/test-rules.ts';
import { McblockError } from '../../errors.ts';
import { readOffences } from '../../log/read-offences.ts';
import { memorySource } from '../../log/source.ts';
import type { Address } from '../../net/address.ts';
import { parseAddress } from '../../net/address-text.ts';
import type { Store } from '../../store/store.ts';
import type { Context } from '../context.ts';
import { grammarReporter, type LogReading, readOptionsOf } from '../log-options.ts';
import { ruleContext, usersIn } from '../policy/policy-rules.ts';
import { policyTestJson, policyTestLines } from '../text/policy-test-text.ts';

export function define(command: Command, context: Context): void {
  command.description('Tests the rules of the policy, [[rule]] in the configuration.').addHelpText(
    'after',
    `
Examples:
  mcblock policy test 5.149.105.9
  mcblock policy test 'Mar 19 23:48:18 gw sshd[7]: Failed password for root from 5.149.105.9 port 4 ssh2'
  mcblock --config new.toml --json policy test 5.149.105.9 | jq '.rules[] | select(.fits)'
`,
  );
  command
    .command('test <address|line>')
    .description('show which rules apply to an address or a line of a log, and the result')
    .action((text: string) => testPolicy(context, text));
}

async function testPolicy(context: Context, text: string): Promise<void> {
  const config = await context.config();
  const reading = await readOptionsOf(config, {}, grammarReporter(context), context.host);
  const store = await context.store('dry-run');
  const address = addressIn(text);
  const event =
    address === undefined ? await eventOf(text, reading, store, context.now) : undefined;
  const geo = await context.geo();
  const tested: TestedPolicy = {
    common: await context.policy(),
    rules: reading.rules.rules,
    context: ruleContext(config, reading.rules),
    geo,
  };
  const subject = address ?? event?.address;
  if (subject === undefined) {
    throw new McblockError(
      'input',
      'neither an address nor a log line that names an offender; see mcblock parse',
    );
  }
  const test = testRules(store, tested, subject, event, context.now);
  if (context.options.json) context.json(policyTestJson(test, event, geo));
  else context.lines(policyTestLines(test, event, geo));
}

function addressIn(text: string): Address | undefined {
  try {
    return parseAddress(text);
  } catch {
    return undefined;
  }
}

/** The first offence of the lines; without points if rules take all that its message has. */
async function eventOf(
  text: string,
  reading: LogReading,
  store: Store,
  now: number,
): Promise<Offence | undefined> {
  const found = await offenceIn(text, reading, store, now);
  if (found !== undefined) return found;
  const declared = await offenceIn(text, { ...reading, points: new Map() }, store, now);
  return declared && { ...declared, points: 0 };
}

async function offenceIn(
  text: string,
  reading: LogReading,
  store: Store,
  now: number,
): Promise<Offence | undefined> {
  const source = memorySource('the line', [Buffer.from(`${text}\n`)], now);
  const users = usersIn(store, reading.rules);
  const { groups } = await readOffences(source, { ...reading, ...users, known: () => [] });
  for (const { offences } of groups((address) => ({ ...address, length: 0 }))) {
    for (const offence of offences) return { ...offence };
  }
  return undefined;
}
