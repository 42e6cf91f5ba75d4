import type { Entry } from './entry.ts';
import type { Offence, OffenceKind } from './offence.ts';
import {
  type Amount,
  type DecidingEffect,
  EVENT_CONDITIONS,
  NAME_SEPARATOR,
  namesOf,
  pointsBy,
  type RuleEffects,
} from './policy-rule.ts';
import {
  type CompiledRule,
  compileRule,
  holds,
  type RuleContext,
  type RuleFacts,
} from './rule-conditions.ts';

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
  /** Those that change how they count. */
  readonly counting: readonly CompiledRule[];
  readonly deciding: Readonly<Record<DecidingEffect, readonly CompiledRule[]>>;
  /** There are some of the latter. */
  readonly decides: boolean;
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
  readonly #all: readonly CompiledRule[];
  readonly #rules: readonly CompiledRule[];
  readonly #context: RuleContext;
  readonly #candidates = new WeakMap<OffenceKind, Candidates>();
  /** The last kind, which often is the next one too, and its candidates: looking one up takes a while. */
  #lastKind: OffenceKind | undefined;
  #lastCandidates: Candidates | undefined;
  #withoutEvent: Candidates | undefined;
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
    rules: readonly CompiledRule[],
    context: RuleContext,
    all: readonly CompiledRule[] = rules,
    isCounting = true,
  ) {
    this.#all = all;
    this.#isCounting = isCounting;
    this.#rules = rules;
    this.#context = context;
    this.longestWindowSeconds = Math.max(0, ...valuesOf(rules, 'windowSeconds'));
    const conditional = rules.filter((rule) => !rule.isUnconditional);
    this.widest4 = leastOf(valuesOf(conditional, 'length4'));
    this.widest6 = leastOf(valuesOf(conditional, 'length6'));
  }

  /** Whether rules may change how offences of this kind count. */
  mayChange(kind: OffenceKind): boolean {
    const { counting, countsNothing } = this.#candidatesOf(kind);
    return countsNothing || counting.length > 0;
  }

  /** Whether rules may decide what follows from an offence of this kind. */
  mayDecide(kind: OffenceKind): boolean {
    return this.#candidatesOf(kind).decides;
  }

  /** The offence as it counts; undefined if it counts nothing. The offence itself if no rule fits. */
  counted(offence: Offence, facts: RuleFacts): Offence | undefined {
    const { kind } = offence;
    const candidates = this.#candidatesOf(kind);
    const { counting, countsNothing, countsOnce } = candidates;
    const own = countsNothing ? 0 : offence.points;
    let points: number | undefined;
    let hasWindow = false;
    let hasIgnore = false;
    let names = '';
    for (const compiled of counting) {
      const { name, effects } = compiled.rule;
      const { ignore, points: amount, windowSeconds } = effects;
      const setsPoints = amount !== undefined && points === undefined;
      const setsWindow: boolean = windowSeconds !== undefined && !hasWindow;
      const setsIgnore: boolean = ignore !== undefined && !hasIgnore;
      if (!(setsPoints || setsWindow || setsIgnore) || !holds(compiled, facts)) continue;
      if (setsIgnore && ignore) return undefined;
      if (setsPoints) {
        const count = countsOnce ? 1 : offence.count;
        points = compiled.isAboutMessages ? own : pointsBy(amount, own, count);
      }
      hasWindow ||= setsWindow;
      hasIgnore ||= setsIgnore;
      names += names === '' ? name : `${NAME_SEPARATOR}${name}`;
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
    const { deciding } = this.#candidatesOf(facts.kind);
    const deciders = new Map<DecidingEffect, CompiledRule>();
    for (const effect of effects) {
      const first = deciding[effect].find((rule) => holds(rule, facts));
      if (first !== undefined) deciders.set(effect, first);
    }
    const of = <E extends DecidingEffect>(effect: E): RuleEffects[E] =>
      deciders.get(effect)?.rule.effects[effect];
    // What no condition decides is a part of the policy.
    const left = <E extends DecidingEffect>(effect: E): RuleEffects[E] =>
      deciders.get(effect)?.isUnconditional ? undefined : of(effect);
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

  /**
   * The names of the rules that may decide one of the effects, depending on the event.
   * @param facts those that are known without it
   */
  dependingOnEvent(facts: RuleFacts, effects: readonly (keyof RuleEffects)[]): string[] {
    const names: string[] = [];
    let open = effects;
    // The points of a message are set where it is read, and multiplied by the factor of any rule.
    let isBaseOpen = effects.includes('points');
    for (const { rule, isAboutMessages } of this.#rules) {
      const { name, conditions, effects: had } = rule;
      const own = open.filter((effect) => had[effect] !== undefined);
      const isBase = isBaseOpen && isAboutMessages && had.points !== undefined;
      const known = { ...rule, conditions: { ...conditions, ...NO_EVENT_CONDITIONS } };
      if (own.length === 0 && !isBase) continue;
      if (!holds(compileRule(known, this.#context), facts)) continue;
      if (EVENT_CONDITIONS.some((one) => conditions[one] !== undefined)) names.push(name);
      else {
        open = open.filter((effect) => !own.includes(effect));
        if (own.includes('points') && had.points && 'set' in had.points) isBaseOpen = false;
      }
    }
    return names;
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
    const found = this.#all.find(
      ({ rule: { name, effects } }) => all.includes(name) && effects[effect] !== undefined,
    );
    if (found === undefined) return undefined;
    const isPart = effect === 'penalty' && found.isUnconditional && this.#rules.includes(found);
    return isPart ? undefined : found.rule.effects[effect];
  }

  #candidatesOf(kind: OffenceKind | undefined): Candidates {
    if (kind === undefined) {
      this.#withoutEvent ??= this.#select(kind);
      return this.#withoutEvent;
    }
    if (kind === this.#lastKind && this.#lastCandidates !== undefined) return this.#lastCandidates;
    let found = this.#candidates.get(kind);
    if (found === undefined) {
      found = this.#select(kind);
      this.#candidates.set(kind, found);
    }
    this.#lastKind = kind;
    this.#lastCandidates = found;
    return found;
  }

  #select(kind: OffenceKind | undefined): Candidates {
    const { eventOf, countNothing, countOnce } = this.#context;
    const name = kind === undefined ? '' : eventOf(kind);
    const rules = this.#rules.filter(({ concerns }) => concerns(kind));
    const having = (effect: keyof RuleEffects) =>
      rules.filter(({ rule }) => rule.effects[effect] !== undefined);
    const deciding = {
      ignore: having('ignore'),
      penalty: having('penalty'),
      length4: having('length4'),
      length6: having('length6'),
      forever: having('forever'),
      notify: having('notify'),
    };
    const counts = ({ rule }: CompiledRule) =>
      this.#isCounting && COUNTING.some((one) => rule.effects[one] !== undefined);
    return {
      counting: rules.filter(counts),
      deciding,
      decides: Object.values(deciding).some((some) => some.length > 0),
      countsNothing: this.#isCounting && countNothing.has(name),
      countsOnce: countOnce.has(name),
      named: new Map(),
    };
  }
}

const NO_EVENT_CONDITIONS = Object.fromEntries(EVENT_CONDITIONS.map((name) => [name, undefined]));

/** Effects on events. */
const COUNTING = ['ignore', 'points', 'windowSeconds'] as const;

/** Equal kinds are the same object. */
function namedKind({ named }: Candidates, kind: OffenceKind, rule: string): OffenceKind {
  const known = named.get(rule);
  if (known !== undefined) return known;
  const added = { ...kind, rule };
  named.set(rule, added);
  return added;
}

function valuesOf(
  rules: readonly CompiledRule[],
  effect: 'windowSeconds' | 'length4' | 'length6',
): number[] {
  return rules.flatMap(({ rule }) => rule.effects[effect] ?? []);
}

function leastOf(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : Math.min(...values);
}
