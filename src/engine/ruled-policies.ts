import { automaticPrefix, type Policy } from '../blocklist/policy.ts';
import {
  amountOf,
  isUnconditional,
  type PolicyRule,
  type RuleConditions,
  type RuleEffects,
} from '../blocklist/policy-rule.ts';
import { PolicyRules } from '../blocklist/policy-rules.ts';
import { type CompiledRule, compileRule, type RuleContext } from '../blocklist/rule-conditions.ts';
import type { Address } from '../net/address.ts';
import { embeddedIn } from '../net/embedded.ts';
import { containsPrefix, type Prefix, prefixAround, prefixOf } from '../net/prefix.ts';
import type { Geo } from './geo.ts';
import { onePolicy, type Policies } from './policies.ts';

/**
 * The policy with exceptions.
 * @param common the policy where no rule fits
 * @param geo undefined: nothing is known of countries and networks
 */
export function ruledPolicies(
  common: Policy,
  rules: readonly PolicyRule[],
  context: RuleContext,
  geo: Geo | undefined,
): Policies {
  if (rules.length === 0) return onePolicy(common);
  const { nat64 } = common.auto;
  // An address is looked up by the widest prefix in which offences are counted together, so that
  // these prefixes of two addresses are either the same or disjoint.
  const widest = widestOf(common, rules.filter(isAboutAddress));
  const conditions = rules.flatMap(({ conditions: all }, rule) => {
    const holds = addressCondition(all, widest, geo);
    return holds === undefined ? [] : { rule, holds };
  });
  const left = rules.map((rule) => compileRule(withoutAddress(rule, widest), context));
  const policies = new Map<string, Policy>();
  const find = (offender: Prefix, network: Prefix): Policy => {
    let key = '';
    for (const { holds } of conditions) key += holds(offender, network) ? '1' : '0';
    const known = policies.get(key);
    if (known !== undefined) return known;
    const out = new Set(conditions.flatMap(({ rule }, index) => (key[index] === '0' ? rule : [])));
    const concerned = left.filter((_, index) => !out.has(index));
    const policy = policyWith(common, concerned, context, mayWiden ? left : undefined);
    policies.set(key, policy);
    return policy;
  };
  const mayWiden = left.some(
    ({ rule }) =>
      !isUnconditional(rule) &&
      (rule.effects.length4 !== undefined || rule.effects.length6 !== undefined),
  );
  let last: { readonly network: Prefix; readonly policy: Policy } | undefined;
  const policyFor = (given: Address | Prefix): Policy => {
    const offender = prefixOf(given);
    if (last !== undefined && containsPrefix(last.network, offender)) return last.policy;
    const address = embeddedIn(offender, nat64)?.address ?? offender;
    const length = address.family === 4 ? widest.length4 : widest.length6;
    // A request by hand may be about a wider prefix.
    const isWider = address === offender && offender.length < length;
    const network = isWider ? offender : prefixAround(address, length);
    const policy = find(offender, network);
    if (address === offender && !isWider) last = { network, policy };
    return policy;
  };
  const space = { auto: { ...common.auto, ...widestOf(common, rules) } };
  return {
    policyFor,
    spaceAround: mayWiden
      ? (address) => automaticPrefix(address, space)
      : (address) => automaticPrefix(address, policyFor(address)),
    windowSeconds: Math.max(
      common.offence.windowSeconds,
      ...rules.flatMap(({ effects }) => effects.windowSeconds ?? []),
    ),
    limits: common.limits,
    nat64,
    proxies: common.auto.proxies,
  };
}

interface Lengths {
  readonly length4: number;
  readonly length6: number;
}

/** The shortest lengths, of these rules and without them. */
function widestOf({ auto }: Policy, rules: readonly PolicyRule[]): Lengths {
  const effects = rules.map((rule) => rule.effects);
  return {
    length4: Math.min(auto.length4, ...effects.flatMap(({ length4 }) => length4 ?? [])),
    length6: Math.min(auto.length6, ...effects.flatMap(({ length6 }) => length6 ?? [])),
  };
}

/** Whether all its conditions are about the address. */
function isAboutAddress({ conditions }: PolicyRule): boolean {
  const given = Object.entries(conditions).filter(([, one]) => one !== undefined);
  return given.every(([name]) => OF_ADDRESS.has(name));
}

const OF_ADDRESS: ReadonlySet<string> = new Set(['countries', 'networks', 'prefixes']);

/**
 * The policy for the addresses that these rules concern; what has no condition left is part of it.
 * @param all rules of which an entry may be that contains the addresses
 */
function policyWith(
  common: Policy,
  rules: readonly CompiledRule[],
  context: RuleContext,
  all: readonly CompiledRule[] | undefined,
): Policy {
  // A message that counts nothing by itself was read with the points of a rule.
  const isCommon = all === undefined && context.countNothing.size === 0;
  if (rules.length === 0 && isCommon) return common;
  const { penalty, auto } = common;
  const first = <E extends keyof RuleEffects>(effect: E): RuleEffects[E] =>
    rules.find(({ rule }) => isUnconditional(rule) && rule.effects[effect] !== undefined)?.rule
      .effects[effect];
  const own = first('penalty');
  return {
    ...common,
    penalty: {
      ...penalty,
      firstSeconds: own === undefined ? penalty.firstSeconds : amountOf(own, penalty.firstSeconds),
    },
    auto: {
      ...auto,
      length4: first('length4') ?? auto.length4,
      length6: first('length6') ?? auto.length6,
    },
    rules: new PolicyRules(rules, context, all),
  };
}

/** The conditions that are the same for all of a network; undefined if there are none. */
function addressCondition(
  { countries, networks, prefixes }: RuleConditions,
  widest: Lengths,
  geo: Geo | undefined,
): ((offender: Prefix, network: Prefix) => boolean) | undefined {
  const wide = prefixes !== undefined && areWide(prefixes, widest) ? prefixes : undefined;
  if ((countries ?? networks ?? wide) === undefined) return undefined;
  return (offender, network) => {
    if (countries !== undefined) {
      const country = geo?.country(network);
      if (country === undefined || !countries.includes(country)) return false;
    }
    if (networks !== undefined) {
      const number = numberOf(geo?.network(network));
      if (number === undefined || !networks.includes(number)) return false;
    }
    if (wide === undefined) return true;
    return wide.some(
      (prefix) => containsPrefix(prefix, network) || containsPrefix(prefix, offender),
    );
  };
}

function withoutAddress({ name, conditions, effects }: PolicyRule, widest: Lengths): PolicyRule {
  const { countries, networks, prefixes, ...others } = conditions;
  const isForAddress = (countries ?? networks ?? prefixes) !== undefined;
  const isDone = prefixes === undefined || areWide(prefixes, widest);
  const left = isDone ? others : { ...others, prefixes };
  return { name, conditions: left, isForAddress, effects };
}

/** Whether each is at least as wide as a network that is looked up: then it contains all of that. */
function areWide(prefixes: readonly Prefix[], { length4, length6 }: Lengths): boolean {
  return prefixes.every(({ family, length }) => length <= (family === 4 ? length4 : length6));
}

/** The number in `AS64500 Example Net`. */
function numberOf(network: string | undefined): number | undefined {
  const match = network === undefined ? null : /^AS(\d+)(?: |$)/.exec(network);
  return match === null ? undefined : Number(match[1]);
}
