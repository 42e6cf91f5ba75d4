import type { Address } from '../net/address.ts';
import { embeddedIn } from '../net/embedded.ts';
import { contains, containsPrefix, type Prefix, prefixOf } from '../net/prefix.ts';
import type { Entry, Origin, Seconds } from './entry.ts';
import type { Offence, OffenceKind } from './offence.ts';
import {
  type Amount,
  type DecidingEffect,
  type Hours,
  isUnconditional,
  NAME_SEPARATOR,
  namesOf,
  type PolicyRule,
  pointsBy,
  type RuleEffects,
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
  readonly matches: (name: string, pattern: string) => boolean;
  /** The name of an event in {@link RuleConditions.events} and here. */
  readonly eventOf: (kind: Pick<OffenceKind, 'service' | 'message'>) => string;
  /** Events that count nothing without a rule, and those that count once. */
  readonly countNothing: ReadonlySet<string>;
  readonly countOnce: ReadonlySet<string>;
  readonly nat64: readonly Prefix[];
}

/** What the rules say about a decision. */
export interface DecisionEffects {
  /** The names of the rules that decided it; undefined if none did. */
  readonly rule: string | undefined;
  readonly ignore: boolean;
  readonly penalty: Amount | undefined;
  readonly length4: number | undefined;
  readonly length6: number | undefined;
  readonly forever: boolean;
}

/** The rules that are left for offences of one kind. */
interface Candidates {
  readonly rules: readonly PolicyRule[];
  readonly countsNothing: boolean;
  readonly countsOnce: boolean;
  /** The kind with the names of rules. */
  readonly named: Map<string, OffenceKind>;
}

/**
 * The rules of the policy for some addresses: those that do not concern the addresses are left out,
 * and their conditions about the address are gone. In their order; the first that fits decides each
 * effect.
 */
export class PolicyRules {
  readonly #isCounting: boolean;
  readonly #all: readonly PolicyRule[];
  readonly #rules: readonly PolicyRule[];
  readonly #context: RuleContext;
  readonly #candidates = new WeakMap<OffenceKind, Candidates>();
  readonly #windows = new Map<string, number | undefined>();
  /** The longest window of a rule; 0 if none has one. */
  readonly longestWindowSeconds: number;
  /** The shortest lengths that a decision may have; undefined if no rule shortens them. */
  readonly widest4: number | undefined;
  readonly widest6: number | undefined;

  /**
   * @param all those that do not concern the addresses too, for entries that they made around others
   * @param isCounting whether rules change how offences count
   */
  constructor(
    rules: readonly PolicyRule[],
    context: RuleContext,
    all: readonly PolicyRule[] = rules,
    isCounting = true,
  ) {
    this.#all = all;
    this.#isCounting = isCounting;
    this.#rules = rules;
    this.#context = context;
    this.longestWindowSeconds = Math.max(0, ...valuesOf(rules, 'windowSeconds'));
    const conditional = rules.filter((rule) => !isUnconditional(rule));
    this.widest4 = leastOf(valuesOf(conditional, 'length4'));
    this.widest6 = leastOf(valuesOf(conditional, 'length6'));
  }

  /** The offence as it counts; undefined if it counts nothing. The offence itself if no rule fits. */
  counted(offence: Offence, facts: RuleFacts): Offence | undefined {
    if (!this.#isCounting) return offence;
    const { kind } = offence;
    const candidates = this.#candidatesOf(kind);
    const { rules, countsNothing, countsOnce } = candidates;
    if (rules.length === 0) return countsNothing ? undefined : offence;
    const own = countsNothing ? 0 : offence.points;
    let points: number | undefined;
    let hasWindow = false;
    let hasIgnore = false;
    let names = '';
    for (const rule of rules) {
      const { ignore, points: amount, windowSeconds } = rule.effects;
      const setsPoints = amount !== undefined && points === undefined;
      const setsWindow: boolean = windowSeconds !== undefined && !hasWindow;
      const setsIgnore: boolean = ignore !== undefined && !hasIgnore;
      if (!(setsPoints || setsWindow || setsIgnore) || !this.#fits(rule, facts)) continue;
      if (setsIgnore && ignore) return undefined;
      if (setsPoints) points = pointsBy(rule, amount, own, countsOnce ? 1 : offence.count);
      hasWindow ||= setsWindow;
      hasIgnore ||= setsIgnore;
      names += names === '' ? rule.name : `${NAME_SEPARATOR}${rule.name}`;
    }
    if (names === '') return countsNothing ? undefined : offence;
    if (points === undefined && countsNothing) return undefined;
    if (points === 0) return undefined;
    const { at, address, count, port, user, key, isJudged } = offence;
    const named = namedKind(candidates, kind, names);
    return {
      at,
      address,
      points: points ?? offence.points,
      count,
      port,
      user,
      kind: named,
      key,
      isJudged,
    };
  }

  /** Whether all conditions of all rules hold. */
  fits(facts: RuleFacts): boolean {
    return this.#rules.every((rule) => this.#concerns(rule, facts.kind) && this.#fits(rule, facts));
  }

  /** The same for offences that these rules counted before. */
  withoutCounting(): PolicyRules {
    return new PolicyRules(this.#rules, this.#context, this.#all, false);
  }

  /** How long an offence counts whose points or window these rules decided. */
  windowSeconds({ rule = '' }: OffenceKind): number | undefined {
    if (rule === '' || this.longestWindowSeconds === 0) return undefined;
    if (!this.#windows.has(rule)) this.#windows.set(rule, this.#named(rule, 'windowSeconds'));
    return this.#windows.get(rule);
  }

  /** @param effects those that the decision heeds */
  decided(facts: RuleFacts, effects: readonly DecidingEffect[]): DecisionEffects {
    const deciders = new Map<DecidingEffect, PolicyRule>();
    for (const rule of this.#rules) {
      const news = effects.filter(
        (effect) => rule.effects[effect] !== undefined && !deciders.has(effect),
      );
      if (news.length === 0 || !this.#concerns(rule, facts.kind) || !this.#fits(rule, facts)) {
        continue;
      }
      for (const effect of news) deciders.set(effect, rule);
    }
    const of = <E extends DecidingEffect>(effect: E): RuleEffects[E] =>
      deciders.get(effect)?.effects[effect];
    // What no condition decides is a part of the policy.
    const left = <E extends DecidingEffect>(effect: E): RuleEffects[E] => {
      const rule = deciders.get(effect);
      return rule === undefined || isUnconditional(rule) ? undefined : rule.effects[effect];
    };
    const [forever = false, ignore = false] = [of('forever'), of('ignore')];
    if (forever) deciders.delete('penalty');
    return {
      rule: namesOf(this.#rules, new Set(deciders.values()), effects),
      penalty: left('penalty'),
      length4: left('length4'),
      length6: left('length6'),
      forever,
      ignore,
    };
  }

  /** The penalty of an entry, if rules decided it under a condition. */
  penaltyOf({ rule }: Entry): Amount | undefined {
    return rule === undefined ? undefined : this.#named(rule, 'penalty');
  }

  /** Whether rules made the latest activation of an entry last for ever. */
  isForever({ rule }: Entry): boolean {
    return rule !== undefined && this.#named(rule, 'forever') === true;
  }

  /** The effect by the first of these rules that has it under a condition. */
  #named<E extends keyof RuleEffects>(names: string, effect: E): RuleEffects[E] {
    const all = names.split(NAME_SEPARATOR);
    const rule = this.#all.find(
      (one) => all.includes(one.name) && one.effects[effect] !== undefined,
    );
    if (rule === undefined) return undefined;
    const isPart = effect === 'penalty' && isUnconditional(rule) && this.#rules.includes(rule);
    return isPart ? undefined : rule.effects[effect];
  }

  #candidatesOf(kind: OffenceKind): Candidates {
    const known = this.#candidates.get(kind);
    if (known !== undefined) return known;
    const { eventOf, countNothing, countOnce } = this.#context;
    const name = eventOf(kind);
    const found: Candidates = {
      rules: this.#rules.filter(
        (rule) =>
          COUNTING.some((one) => rule.effects[one] !== undefined) && this.#concerns(rule, kind),
      ),
      countsNothing: countNothing.has(name),
      countsOnce: countOnce.has(name),
      named: new Map(),
    };
    this.#candidates.set(kind, found);
    return found;
  }

  /** Whether the conditions hold that all offences of this kind have in common. */
  #concerns({ conditions }: PolicyRule, kind: OffenceKind | undefined): boolean {
    const { events, users, hosts, hours } = conditions;
    if (kind === undefined) {
      return (
        events === undefined && users === undefined && hosts === undefined && hours === undefined
      );
    }
    const { eventOf, hostName, matches } = this.#context;
    return (
      (events === undefined || events.has(eventOf(kind))) &&
      (users === undefined || (((kind.users ?? 0) >> users) & 1) === 1) &&
      (hosts === undefined || hosts.some((pattern) => matches(kind.host || hostName, pattern)))
    );
  }

  /** Whether the other conditions hold. */
  #fits({ conditions }: PolicyRule, facts: RuleFacts): boolean {
    const { prefixes, hours, origins } = conditions;
    return (
      (origins === undefined || origins.includes(facts.origin)) &&
      (hours === undefined || this.#isWithin(hours, facts.at)) &&
      (prefixes === undefined || this.#isIn(prefixes, facts.address)) &&
      isAtLeast(conditions.activations, facts, 'activations') &&
      isAtLeast(conditions.hits, facts, 'hits') &&
      isAtLeast(conditions.distinctUsers, facts, 'users') &&
      isAtLeast(conditions.distinctServices, facts, 'services') &&
      isAtLeast(conditions.distinctHosts, facts, 'hosts')
    );
  }

  #isWithin({ from, to }: Hours, at: Seconds): boolean {
    const minute = this.#context.minuteOf(at);
    return from < to ? minute >= from && minute < to : minute >= from || minute < to;
  }

  #isIn(prefixes: readonly Prefix[], address: Address | Prefix): boolean {
    const whole = prefixOf(address);
    if (prefixes.some((prefix) => containsPrefix(prefix, whole))) return true;
    const embedded = embeddedIn(address, this.#context.nat64)?.address;
    return embedded !== undefined && prefixes.some((prefix) => contains(prefix, embedded));
  }
}

/** Effects on events. */
const COUNTING = ['ignore', 'points', 'windowSeconds'] as const;

function isAtLeast(
  least: number | undefined,
  facts: RuleFacts,
  fact: 'activations' | 'hits' | 'users' | 'services' | 'hosts',
): boolean {
  return least === undefined || facts[fact] >= least;
}

/** Equal kinds are the same object. */
function namedKind({ named }: Candidates, kind: OffenceKind, rule: string): OffenceKind {
  const known = named.get(rule);
  if (known !== undefined) return known;
  const added = { ...kind, rule };
  named.set(rule, added);
  return added;
}

function valuesOf(
  rules: readonly PolicyRule[],
  effect: 'windowSeconds' | 'length4' | 'length6',
): number[] {
  return rules.flatMap(({ effects }) => effects[effect] ?? []);
}

function leastOf(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : Math.min(...values);
}
