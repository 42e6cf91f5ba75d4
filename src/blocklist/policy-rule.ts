import type { Prefix } from '../net/prefix.ts';
import type { Origin } from './entry.ts';

/** An exception to the policy: a `[[rule]]` of the configuration. */
export interface PolicyRule {
  /** Distinct, without a comma. */
  readonly name: string;
  readonly conditions: RuleConditions;
  /** It had conditions about the address too, which hold. */
  readonly isForAddress?: boolean;
  readonly effects: RuleEffects;
}

/** All that are given must hold; of a list, one item is enough. */
export interface RuleConditions {
  /** Of the address. ISO 3166-1 alpha-2, numbers of autonomous systems, and prefixes. */
  readonly countries?: readonly string[] | undefined;
  readonly networks?: readonly number[] | undefined;
  readonly prefixes?: readonly Prefix[] | undefined;
  /** Of the event: `service.message`, of all services, messages and kinds that fit. */
  readonly events?: ReadonlySet<string> | undefined;
  /** Of its user: a bit of {@link OffenceKind.users}. */
  readonly users?: number | undefined;
  /** The host that reported it; `*` is any text. */
  readonly hosts?: readonly string[] | undefined;
  readonly hours?: Hours | undefined;
  readonly origins?: readonly Origin[] | undefined;
  /** At least so many: of an entry around the address before, and in the window. */
  readonly activations?: number | undefined;
  readonly hits?: number | undefined;
  readonly distinctUsers?: number | undefined;
  readonly distinctServices?: number | undefined;
  readonly distinctHosts?: number | undefined;
}

/** Minutes of the day, the second exclusive; it is on the next day if it is not after the first. */
export interface Hours {
  readonly from: number;
  readonly to: number;
}

/** Conditions about an event. */
export const EVENT_CONDITIONS = [
  'events',
  'users',
  'hosts',
  'hours',
  'distinctUsers',
  'distinctServices',
  'distinctHosts',
] as const satisfies readonly (keyof RuleConditions)[];

/** A value, or a factor of what it would be without the rule. */
export type Amount = { readonly set: number } | { readonly times: number };

/** The first rule that fits decides each effect that it has. */
export interface RuleEffects {
  /** The event counts for nothing. */
  readonly ignore?: boolean | undefined;
  readonly points?: Amount | undefined;
  readonly windowSeconds?: number | undefined;
  /** Of the first activation; further ones double it. */
  readonly penalty?: Amount | undefined;
  readonly length4?: number | undefined;
  readonly length6?: number | undefined;
  readonly forever?: boolean | undefined;
  /** Somebody is told of the activation. */
  readonly notify?: boolean | undefined;
}

/** Effects on decisions. */
export type DecidingEffect = Exclude<keyof RuleEffects, 'points' | 'windowSeconds'>;

/** Names of several rules in one text. */
export const NAME_SEPARATOR = ', ';
/** Follows the name of a rule that did nothing but ask to tell of the block. */
const NOTIFIES_ONLY = ' (notify)';

export function amountOf(amount: Amount, otherwise: number): number {
  return 'set' in amount ? amount.set : amount.times * otherwise;
}

/** The names in the order of the rules; undefined if there are none. */
export function namesOf<T extends { readonly rule: PolicyRule }>(
  rules: readonly T[],
  deciders: ReadonlySet<T>,
  effects: readonly DecidingEffect[],
): string | undefined {
  if (deciders.size === 0) return undefined;
  // Its penalty is not that of the block.
  const more = effects.includes('penalty') ? '' : NOTIFIES_ONLY;
  const names = rules.filter((one) => deciders.has(one)).map(({ rule }) => `${rule.name}${more}`);
  return names.join(NAME_SEPARATOR);
}

/** The names of rules, of those too that did nothing but ask to tell of the block. */
export function ruleNames(text: string): string[] {
  return text
    .split(NAME_SEPARATOR)
    .map((name) => (name.endsWith(NOTIFIES_ONLY) ? name.slice(0, -NOTIFIES_ONLY.length) : name));
}

/** Whether no condition is left. */
export function isUnconditional({ conditions }: PolicyRule): boolean {
  return Object.values(conditions).every((condition) => condition === undefined);
}

/** Whether it depends on nothing but the message: its points are set where the message is read. */
export function isAboutMessages({ conditions, isForAddress = false }: PolicyRule): boolean {
  const { events, ...others } = conditions;
  const isOnly = events !== undefined && Object.values(others).every((one) => one === undefined);
  return isOnly && !isForAddress;
}

/**
 * The points of an event by a rule: 0 or more.
 * @param own without it
 */
export function pointsBy(amount: Amount, own: number, count: number): number {
  return 'times' in amount ? Math.ceil(own * amount.times) : amount.set * count;
}
