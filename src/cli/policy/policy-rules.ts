import { hostname } from 'node:os';
import type { Seconds } from '../../blocklist/entry.ts';
import { DAY_SECONDS } from '../../blocklist/policy.ts';
import type { PolicyRule } from '../../blocklist/policy-rule.ts';
import { PROBE } from '../../blocklist/probe.ts';
import type { RuleContext } from '../../blocklist/rule-conditions.ts';
import type { Geo } from '../../engine/geo.ts';
import type { Host } from '../../engine/host/host.ts';
import type { Policies } from '../../engine/policies.ts';
import { ruledPolicies } from '../../engine/ruled-policies.ts';
import { McblockError } from '../../errors.ts';
import { patternOf } from '../../log/follow/matching-files.ts';
import type { UserCondition } from '../../log/offences/user-conditions.ts';
import { probeMessages } from '../../log/probe/probe-points.ts';
import type { ReadOptions } from '../../log/read-options.ts';
import { type OffsetAt, zoneOffsets } from '../../log/time/zone.ts';
import type { Store } from '../../store/store.ts';
import { type Config, configLocation } from '../config/config.ts';
import { policyOf } from '../config/policies.ts';
import { faultOf } from './check-rules.ts';
import {
  type Catalogue,
  type CatalogueEntry,
  type CompiledRules,
  compileRules,
  rulesWithoutEvents,
} from './compile-rules.ts';
import type { DeclaredRule } from './declared-rule.ts';
import { type Accounts, accountsOf } from './known-users.ts';
import { type RuledMessages, ruledMessages } from './message-points.ts';

/** The rules of the configuration, as the reader of logs and the policy need them. */
export interface ConfiguredRules extends RuledMessages {
  readonly rules: readonly PolicyRule[];
  readonly users: readonly UserCondition[];
  readonly accountNames: ReadonlySet<string>;
}

const QUARTER_SECONDS = 900;
/** More than a year of them. */
const MAX_QUARTERS = 65_536;
const MAX_PORT = 65_535;
const NO_ACCOUNTS: Accounts = { names: new Set(), otherSource: undefined };

/**
 * The rules for logs. Throws McblockError('config') with file and line for a rule that is wrong.
 * @param isComplete false: a grammar could not be read, so that what is unknown may be of it
 */
export function rulesForLogs(
  config: Config,
  catalogue: Catalogue,
  isComplete: boolean,
  host: Host,
): ConfiguredRules {
  const declared = config.get('rule');
  const isAboutKnown = declared.some(({ conditions }) => typeof conditions.users === 'string');
  const accounts = isAboutKnown ? accountsOf(host) : NO_ACCOUNTS;
  checkUnknown(config, declared, accounts);
  const all = [...catalogue, probes(declared)];
  const { rules, users } = compileRules(declared, all, isComplete, (index, reason) =>
    wrongRule(config, index, reason),
  );
  checkRules(config, { rules, users });
  const { names: accountNames } = accounts;
  return { rules, users, accountNames, ...ruledMessages(rules, all) };
}

/** What no grammar declares, with the ports that rules name. */
function probes(declared: readonly DeclaredRule[]): CatalogueEntry {
  const named = declared.flatMap(({ conditions }) => conditions.messages ?? []).map(portOf);
  return { service: PROBE, messages: probeMessages(named.filter((port) => port !== undefined)) };
}

/** The port in `probe.tcp/23`. */
function portOf(message: string): number | undefined {
  const match = /^probe\.tcp\/([1-9]\d{0,4})$/.exec(message);
  const port = Number(match?.[1] ?? 0);
  return port > 0 && port <= MAX_PORT ? port : undefined;
}

/**
 * The rules for requests of which no event is known. Throws McblockError('config') as
 * {@link rulesForLogs}, but does not know which services, messages and users there are.
 */
function rulesForRequests(config: Config): ConfiguredRules {
  const compiled = rulesWithoutEvents(config.get('rule'));
  checkRules(config, compiled);
  const { rules } = compiled;
  return { rules, users: [], accountNames: NO_ACCOUNTS.names, ...ruledMessages([], []) };
}

/** The policy for each address. @param rules default: those for requests of which no event is known */
export function policiesOf(
  config: Config,
  geo: Geo | undefined,
  rules: ConfiguredRules = rulesForRequests(config),
): Policies {
  return ruledPolicies(policyOf(config), rules.rules, ruleContext(config, rules), geo);
}

/** How the users of lines are told apart: by the key of the store, and by the rules. */
export function usersIn(
  { logins }: Pick<Store, 'logins'>,
  { users: conditions, accountNames: names }: ConfiguredRules,
): Pick<ReadOptions, 'userKey' | 'users'> {
  const userKey = logins.userKey();
  if (conditions.length === 0) return { userKey };
  return { userKey, users: { conditions, known: { names, hashes: logins.users() } } };
}

/** What the rules cannot know of themselves. */
export function ruleContext(
  config: Config,
  { eventOf, countNothing, countOnce }: RuledMessages,
): RuleContext {
  return {
    minuteOf: minuteIn(zoneOffsets(config.get('timezone'))),
    hostName: hostname(),
    patternOf,
    eventOf,
    countNothing,
    countOnce,
    nat64: config.get('auto.nat64'),
  };
}

/** Users whom this host does not know of may be those of a directory. */
function checkUnknown(
  config: Config,
  declared: readonly DeclaredRule[],
  { otherSource }: Accounts,
): void {
  if (otherSource === undefined) return;
  const index = declared.findIndex(
    ({ conditions: { users, knownUsers } }) => users === 'unknown' && knownUsers === undefined,
  );
  if (index < 0) return;
  const reason = `users of this host come from ${otherSource} too; list them in known-users`;
  throw wrongRule(config, index, reason);
}

/** The minute of the day. A zone is looked up once for a quarter of an hour: no other changes in it. */
function minuteIn(offsetAt: OffsetAt): (at: Seconds) => number {
  const offsets = new Map<number, number>();
  return (at) => {
    const quarter = Math.floor(at / QUARTER_SECONDS);
    const known = offsets.get(quarter);
    const offset = known ?? offsetAt(at);
    if (known === undefined) {
      if (offsets.size === MAX_QUARTERS) offsets.clear();
      offsets.set(quarter, offset);
    }
    return Math.floor(((((at + offset) % DAY_SECONDS) + DAY_SECONDS) % DAY_SECONDS) / 60);
  };
}

function checkRules(config: Config, { rules, users }: CompiledRules): void {
  const names = rules.map(({ name }) => name);
  const twice = names.findIndex((name, index) => names.indexOf(name) < index);
  if (twice >= 0) throw wrongRule(config, twice, 'another rule has this name');
  const fault = faultOf(rules, {
    hasCountries: config.get('geo.country') !== '',
    hasNetworks: config.get('geo.network') !== '',
    longestPenaltySeconds: config.get('penalty.longest'),
    nat64: config.get('auto.nat64'),
    users,
  });
  if (fault !== undefined) throw wrongRule(config, fault.index, fault.reason);
}

function wrongRule(config: Config, index: number, reason: string): McblockError {
  const { name } = config.get('rule')[index] ?? { name: '' };
  const location = configLocation(config, 'rule', index);
  return new McblockError('config', `${location}rule ${name}: ${reason}`);
}
