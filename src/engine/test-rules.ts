import { decide } from '../blocklist/decide.ts';
import type { Seconds } from '../blocklist/entry.ts';
import { EventFacts, factsWithoutEvent } from '../blocklist/event-facts.ts';
import type { Offence } from '../blocklist/offence.ts';
import { automaticPrefix, type Policy, windowOf } from '../blocklist/policy.ts';
import {
  EVENT_CONDITIONS,
  type PolicyRule,
  type RuleConditions,
} from '../blocklist/policy-rule.ts';
import { ProtectedSpace } from '../blocklist/protect.ts';
import type { Decision } from '../blocklist/request.ts';
import type { RuleContext, RuleFacts } from '../blocklist/rule-conditions.ts';
import type { Address } from '../net/address.ts';
import { hostPrefix } from '../net/prefix.ts';
import type { Store } from '../store/store.ts';
import type { Geo } from './geo.ts';
import { pendingWindow } from './pending-window.ts';
import { ruledPolicies } from './ruled-policies.ts';

/** A policy with its rules. */
export interface TestedPolicy {
  readonly common: Policy;
  readonly rules: readonly PolicyRule[];
  readonly context: RuleContext;
  readonly geo: Geo | undefined;
}

type ConditionName = keyof RuleConditions;

/** Whether a rule applies. */
export interface RuleTest {
  readonly rule: PolicyRule;
  /** Conditions that do not hold. */
  readonly failing: readonly ConditionName[];
  /** Conditions about an event, where there is none. */
  readonly unknown: readonly ConditionName[];
}

/** What the rules make of an address, or of an event from it. */
export interface PolicyTest {
  readonly rules: readonly RuleTest[];
  readonly facts: RuleFacts;
  /** The event as it counts; undefined if it counts nothing, or if there is none. */
  readonly counted: Offence | undefined;
  readonly windowSeconds: number | undefined;
  /** What the points that block would do. */
  readonly block: Decision;
}

const OF_EVENTS: ReadonlySet<ConditionName> = new Set(EVENT_CONDITIONS);

/**
 * Tests the rules with an address and what the store knows of it.
 * @param event of a log, with the points that its message has by itself
 */
export function testRules(
  store: Store,
  tested: TestedPolicy,
  address: Address,
  event: Offence | undefined,
  now: Seconds,
): PolicyTest {
  const { common, rules, context, geo } = tested;
  const { policyFor, spaceAround } = ruledPolicies(common, rules, context, geo);
  const policy = policyFor(address);
  const host = hostPrefix(address);
  const at = Math.min(event?.at ?? now, now);
  const window = pendingWindow(store, automaticPrefix(address, policy), policy, at);
  const around = store.supernets(host);
  const facts: RuleFacts =
    event === undefined
      ? factsWithoutEvent('grok', address, at, around)
      : new EventFacts('grok', () => around).of(event, at, window);
  const counted =
    event && (policy.rules?.counted(event, facts) ?? (policy.rules ? undefined : event));
  const decision = decide(
    store.around(spaceAround(address), host),
    new ProtectedSpace([]),
    {
      kind: 'automatic',
      origin: 'grok',
      offender: address,
      at,
      hits: 1,
      points: policy.offence.points,
      external: false,
      event: event && facts,
    },
    policy,
    now,
  );
  return {
    rules: rules.map((rule) => testRule(rule, tested, facts)),
    facts,
    counted,
    windowSeconds: counted && windowOf(counted.kind, policy),
    block: decision,
  };
}

/** Tests each condition alone. */
function testRule(rule: PolicyRule, tested: TestedPolicy, facts: RuleFacts): RuleTest {
  const names = Object.keys(rule.conditions) as ConditionName[];
  const given = names.filter((name) => rule.conditions[name] !== undefined);
  const unknown = given.filter((name) => facts.kind === undefined && OF_EVENTS.has(name));
  const failing = given.filter(
    (name) => !unknown.includes(name) && !holds(rule, name, tested, facts),
  );
  return { rule, failing, unknown };
}

function holds(
  rule: PolicyRule,
  name: ConditionName,
  { common, rules, context, geo }: TestedPolicy,
  facts: RuleFacts,
): boolean {
  const { policyFor } = ruledPolicies(
    common,
    [
      ...rules.map(withoutAddresses),
      { name: rule.name, conditions: { [name]: rule.conditions[name] }, effects: ASKED },
    ],
    context,
    geo,
  );
  return policyFor(facts.address).rules?.decided(facts, ['notify']).rule !== undefined;
}

/** It fits no address, but still takes part in the widest prefix, by which addresses are looked up. */
function withoutAddresses(rule: PolicyRule): PolicyRule {
  return { ...rule, conditions: { ...rule.conditions, countries: [] } };
}

/** Any effect tells whether a rule fits. */
const ASKED = { notify: true };
