import { ORIGINS, type Origin } from '../../blocklist/entry.ts';
import {
  type Hours,
  isAboutMessages,
  type PolicyRule,
  type RuleConditions,
  type RuleEffects,
} from '../../blocklist/policy-rule.ts';
import { patternOf } from '../../log/follow/matching-files.ts';
import type { UserCondition } from '../../log/offences/user-conditions.ts';
import { embeddedIn } from '../../net/embedded.ts';
import { containsPrefix, type Prefix } from '../../net/prefix.ts';

/** What the rules need besides themselves. */
export interface RuleNeeds {
  readonly hasCountries: boolean;
  readonly hasNetworks: boolean;
  readonly longestPenaltySeconds: number;
  readonly nat64: readonly Prefix[];
  /** The conditions on users, by their bits. */
  readonly users: readonly UserCondition[];
}

/** A rule that is wrong, by its index, and why. */
export interface RuleFault {
  readonly index: number;
  readonly reason: string;
}

const MINUTES_OF_DAY = 1440;

/** The first rule that can never apply, that always does, or that contradicts itself. */
export function faultOf(rules: readonly PolicyRule[], needs: RuleNeeds): RuleFault | undefined {
  for (const [index, rule] of rules.entries()) {
    const reason = ownFault(rule, needs) ?? shadowFault(rule, rules.slice(0, index), needs);
    if (reason !== undefined) return { index, reason };
  }
  return undefined;
}

function ownFault(rule: PolicyRule, needs: RuleNeeds): string | undefined {
  const { conditions, effects } = rule;
  const named = Object.keys(effects).filter(
    (key) => effects[key as keyof RuleEffects] !== undefined,
  );
  if (named.length === 0) return 'has no effect; set points, window, penalty, length4 or another';
  if (effects.ignore && named.length > 1) return 'ignores events: its other effects never apply';
  if (effects.forever && effects.penalty) return 'blocks forever: its penalty never applies';
  if (Object.values(conditions).every((one) => one === undefined))
    return `has no condition: it always applies; ${INSTEAD}`;
  if (givenConditions(conditions, named as (keyof RuleEffects)[]).length === 0)
    return `always applies: its conditions hold for everything; ${INSTEAD}`;
  if (conditions.countries && !needs.hasCountries)
    return 'can never apply: set geo.country to a database';
  if (conditions.networks && !needs.hasNetworks)
    return 'can never apply: set geo.network to a database';
  if (
    effects.penalty &&
    'set' in effects.penalty &&
    effects.penalty.set > needs.longestPenaltySeconds
  ) {
    return 'its penalty is longer than penalty.longest';
  }
  return originFault(rule) ?? lengthFault(rule, needs.nat64);
}

const INSTEAD = 'set the key of the policy instead, such as offence.points or penalty.first';

/** Only lines of logs name users and services; packets have their time, and the host that saw them. */
function originFault({ conditions, effects }: PolicyRule): string | undefined {
  const { origins, events, users, hosts, hours } = conditions;
  const { distinctUsers, distinctServices, distinctHosts } = conditions;
  if (origins === undefined || origins.includes('grok')) return undefined;
  const ofLines = [events, users, distinctUsers, distinctServices, distinctHosts];
  const ofEvents = origins.includes('pf') ? ofLines : [...ofLines, hosts, hours];
  if (ofEvents.some((one) => one !== undefined)) {
    return 'can never apply: only events of the origin grok name users, services and messages';
  }
  const wrong = EFFECTS.find(
    (effect) =>
      effects[effect] !== undefined && !origins.some((origin) => HEEDED[effect].includes(origin)),
  );
  return wrong && `its ${EFFECT_KEYS[wrong]} can never apply: it is for ${listText(HEEDED[wrong])}`;
}

const BLOCKING = ORIGINS.filter((origin) => origin !== 'bogon');
const AUTOMATIC: readonly Origin[] = ['grok', 'pf'];

/** The origins whose requests heed an effect. Bogons exist before any request. */
const HEEDED: Readonly<Record<keyof RuleEffects, readonly Origin[]>> = {
  ignore: AUTOMATIC,
  points: ['grok'],
  windowSeconds: ['grok'],
  penalty: BLOCKING,
  length4: AUTOMATIC,
  length6: AUTOMATIC,
  forever: BLOCKING,
  notify: BLOCKING,
};
const EFFECTS = Object.keys(HEEDED) as (keyof RuleEffects)[];

function listText(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}

function lengthFault(
  { conditions: { prefixes }, effects }: PolicyRule,
  nat64: readonly Prefix[],
): string | undefined {
  if (prefixes === undefined) return undefined;
  if (effects.length4 !== undefined && !prefixes.some((prefix) => holds4(prefix, nat64))) {
    return 'its length4 can never apply: no prefix is IPv4';
  }
  if (effects.length6 !== undefined && prefixes.every(({ family }) => family === 4)) {
    return 'its length6 can never apply: no prefix is IPv6';
  }
  return undefined;
}

/** Whether it may hold addresses that are IPv4, or embed one. */
function holds4(prefix: Prefix, nat64: readonly Prefix[]): boolean {
  const { family, length } = prefix;
  return family === 4 || length < MIN_EMBEDDED || embeddedIn(prefix, nat64) !== undefined;
}

/** No wider prefix lies within an embedding. */
const MIN_EMBEDDED = 16;

/** Effects that earlier rules decide whenever this one fits. */
function shadowFault(
  rule: PolicyRule,
  earlier: readonly PolicyRule[],
  { users }: RuleNeeds,
): string | undefined {
  for (const name of Object.keys(rule.effects) as (keyof RuleEffects)[]) {
    if (rule.effects[name] === undefined) continue;
    const { origins = HEEDED[name] } = rule.conditions;
    // Requests of other origins heed no `ignore`.
    const isIgnorable = origins.every((origin) => HEEDED.ignore.includes(origin));
    const shadow = earlier.find(
      ({ conditions, effects }) =>
        (effects[name] !== undefined || (effects.ignore && isIgnorable)) &&
        covers(conditions, rule.conditions, name, users),
    );
    if (shadow === undefined || isSpecial(name, rule, shadow)) continue;
    return `its ${EFFECT_KEYS[name]} can never apply: rule ${shadow.name} before it always applies first`;
  }
  return undefined;
}

/** The points of a message are set where it is read: other rules multiply these. */
function isSpecial(effect: keyof RuleEffects, rule: PolicyRule, shadow: PolicyRule): boolean {
  const { points } = shadow.effects;
  return (
    effect === 'points' &&
    isAboutMessages(rule) &&
    !isAboutMessages(shadow) &&
    points !== undefined &&
    'times' in points
  );
}

const EFFECT_KEYS: Readonly<Record<keyof RuleEffects, string>> = {
  ignore: 'ignore',
  points: 'points',
  windowSeconds: 'window',
  penalty: 'penalty',
  length4: 'length4',
  length6: 'length6',
  forever: 'forever',
  notify: 'notify',
};

/** Whether the first conditions hold whenever the second do, for requests that heed the effect. */
function covers(
  wide: RuleConditions,
  narrow: RuleConditions,
  effect: keyof RuleEffects,
  users: readonly UserCondition[],
): boolean {
  return givenConditions(wide, [effect]).every((name) => {
    const [p, q] = [wide[name], narrow[name]];
    if (p === undefined || q === undefined) return false;
    if (name === 'users') return p === q || coversUsers(users[Number(p)], users[Number(q)]);
    if (name === 'hosts') return coversNames(wide.hosts ?? [], narrow.hosts ?? []);
    if (name === 'hours') return coversHours(p as Hours, q as Hours);
    if (name === 'prefixes') {
      return (narrow.prefixes ?? []).every((inner) =>
        (wide.prefixes ?? []).some((outer) => containsPrefix(outer, inner)),
      );
    }
    if (typeof p === 'number' && typeof q === 'number') return p <= q;
    if (p instanceof Set && q instanceof Set) return [...q].every((one) => p.has(one));
    return Array.isArray(p) && Array.isArray(q) && q.every((one) => p.includes(one));
  });
}

function coversUsers(wide: UserCondition | undefined, narrow: UserCondition | undefined): boolean {
  if (wide === undefined || narrow === undefined || !('patterns' in wide)) return false;
  return coversNames(wide.patterns, 'patterns' in narrow ? narrow.patterns : ['*']);
}

/** A star in a pattern can only be matched by one of another. */
function coversNames(wide: readonly string[], narrow: readonly string[]): boolean {
  const matches = wide.map(patternOf);
  return narrow.every((name) => matches.some((isMatch) => isMatch(name)));
}

function coversHours(wide: Hours, narrow: Hours): boolean {
  const later = (narrow.from - wide.from + MINUTES_OF_DAY) % MINUTES_OF_DAY;
  return later + minutesOf(narrow) <= minutesOf(wide);
}

function minutesOf({ from, to }: Hours): number {
  return (to - from + MINUTES_OF_DAY) % MINUTES_OF_DAY || MINUTES_OF_DAY;
}

/** The conditions that do not hold for everything that heeds one of the effects. */
function givenConditions(
  conditions: RuleConditions,
  effects: readonly (keyof RuleEffects)[],
): (keyof RuleConditions)[] {
  const names = Object.keys(conditions) as (keyof RuleConditions)[];
  return names.filter(
    (name) => conditions[name] !== undefined && !isAlways(name, conditions, effects),
  );
}

function isAlways(
  name: keyof RuleConditions,
  { hours, hosts, prefixes, origins }: RuleConditions,
  effects: readonly (keyof RuleEffects)[],
): boolean {
  if (name === 'hours') return hours !== undefined && minutesOf(hours) === MINUTES_OF_DAY;
  if (name === 'hosts') return hosts?.includes('*') ?? false;
  if (name === 'origins') {
    // A length under a condition blocks more than what is counted together: no key does that.
    const heeded = effects.map((effect) => (isLength(effect) ? undefined : HEEDED[effect]));
    return heeded.every((all) => all?.every((origin) => origins?.includes(origin)));
  }
  return name === 'prefixes' && [4, 6].every((family) => prefixes?.some(isWholeOf(family)));
}

function isLength(effect: keyof RuleEffects): boolean {
  return effect === 'length4' || effect === 'length6';
}

function isWholeOf(family: number): (prefix: Prefix) => boolean {
  return (prefix) => prefix.family === family && prefix.length === 0;
}
