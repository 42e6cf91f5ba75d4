import type { Address } from '../net/address.ts';
import { embeddedIn } from '../net/embedded.ts';
import { contains, containsPrefix, type Prefix, prefixOf } from '../net/prefix.ts';
import type { Origin, Seconds } from './entry.ts';
import type { OffenceKind } from './offence.ts';
import {
  type Hours,
  isAboutMessages,
  isUnconditional,
  type PolicyRule,
  type RuleConditions,
} from './policy-rule.ts';

/** What conditions ask for. Those of the window are read only if a rule asks. */
export interface RuleFacts {
  readonly origin: Origin;
  readonly at: Seconds;
  /** The offender, or what is asked for by hand. */
  readonly address: Address | Prefix;
  /** Undefined where no event is known. */
  readonly kind: OffenceKind | undefined;
  /** The most of an entry around the address, before. */
  readonly activations: number;
  readonly hits: number;
  /** At least as many as there can be different ones in the window. */
  readonly mostDistinct: number;
  /** How many different ones are in the window. */
  readonly users: number;
  readonly services: number;
  readonly hosts: number;
}

/** What rules cannot know of themselves. */
export interface RuleContext {
  /** The minute of the day in the time zone of the policy. */
  readonly minuteOf: (at: Seconds) => number;
  /** The host of events that name none. */
  readonly hostName: string;
  readonly patternOf: (text: string) => (name: string) => boolean;
  /** The name of an event in {@link RuleConditions.events} and here. */
  readonly eventOf: (kind: Pick<OffenceKind, 'service' | 'message'>) => string;
  /** Events that count nothing without a rule, and those that count once. */
  readonly countNothing: ReadonlySet<string>;
  readonly countOnce: ReadonlySet<string>;
  readonly nat64: readonly Prefix[];
}

/** A rule with its conditions as functions: one that it does not have costs nothing. */
export interface CompiledRule {
  readonly rule: PolicyRule;
  /** The points by it were set where the message was read. */
  readonly isAboutMessages: boolean;
  /** No condition is left: it is a part of the policy. */
  readonly isUnconditional: boolean;
  /** Whether the conditions hold that all offences of one kind have in common. */
  readonly concerns: (kind: OffenceKind | undefined) => boolean;
  /** The others. */
  readonly conditions: readonly Condition[];
}

type Condition = (facts: RuleFacts) => boolean;

export function compileRule(rule: PolicyRule, context: RuleContext): CompiledRule {
  return {
    rule,
    isAboutMessages: isAboutMessages(rule),
    isUnconditional: isUnconditional(rule),
    concerns: kindCondition(rule.conditions, context),
    conditions: otherConditions(rule.conditions, context),
  };
}

/** Whether the conditions hold that offences of one kind do not have in common. */
export function holds({ conditions }: CompiledRule, facts: RuleFacts): boolean {
  for (const condition of conditions) if (!condition(facts)) return false;
  return true;
}

function kindCondition(
  { events, users, hosts, hours }: RuleConditions,
  { eventOf, hostName, patternOf }: RuleContext,
): CompiledRule['concerns'] {
  const isOfEvents = [events, users, hosts, hours].some((one) => one !== undefined);
  const patterns = hosts?.map(patternOf);
  return (kind) => {
    if (kind === undefined) return !isOfEvents;
    const { users: mask = 0, host } = kind;
    return (
      (events === undefined || events.has(eventOf(kind))) &&
      (users === undefined || ((mask >> users) & 1) === 1) &&
      (patterns === undefined || patterns.some((matches) => matches(host || hostName)))
    );
  };
}

/** The cheapest first. */
function otherConditions(conditions: RuleConditions, context: RuleContext): Condition[] {
  const { origins, hours, prefixes, activations, hits } = conditions;
  const { distinctUsers, distinctServices, distinctHosts } = conditions;
  const { minuteOf, nat64 } = context;
  const given: Condition[] = [];
  if (origins) given.push(({ origin }) => origins.includes(origin));
  if (hours) given.push(({ at }) => isWithin(hours, minuteOf(at)));
  if (prefixes) given.push(({ address }) => isIn(prefixes, address, nat64));
  if (activations !== undefined) given.push((facts) => facts.activations >= activations);
  if (hits !== undefined) given.push((facts) => facts.hits >= hits);
  const most = Math.max(distinctUsers ?? 0, distinctServices ?? 0, distinctHosts ?? 0);
  if (most > 0) given.push(({ mostDistinct }) => mostDistinct >= most);
  if (distinctUsers !== undefined) given.push(({ users }) => users >= distinctUsers);
  if (distinctServices !== undefined) given.push(({ services }) => services >= distinctServices);
  if (distinctHosts !== undefined) given.push(({ hosts }) => hosts >= distinctHosts);
  return given;
}

function isWithin({ from, to }: Hours, minute: number): boolean {
  return from < to ? minute >= from && minute < to : minute >= from || minute < to;
}

function isIn(
  prefixes: readonly Prefix[],
  address: Address | Prefix,
  nat64: readonly Prefix[],
): boolean {
  const whole = prefixOf(address);
  if (prefixes.some((prefix) => containsPrefix(prefix, whole))) return true;
  const embedded = embeddedIn(address, nat64)?.address;
  return embedded !== undefined && prefixes.some((prefix) => contains(prefix, embedded));
}
