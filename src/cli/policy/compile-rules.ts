import type { GrammarMessage, Scanner } from '../../../grammar/notation/scanner.ts';
import type { PolicyRule, RuleEffects } from '../../blocklist/policy-rule.ts';
import { McblockError } from '../../errors.ts';
import { MAX_USER_CONDITIONS, type UserCondition } from '../../log/offences/user-conditions.ts';
import { nearest } from '../text/nearest.ts';
import { COUNTED_KINDS, type DeclaredConditions, type DeclaredRule } from './declared-rule.ts';

/** Rules with the events that they are about, and the conditions on users that they share. */
export interface CompiledRules {
  readonly rules: readonly PolicyRule[];
  readonly users: readonly UserCondition[];
}

/** What can count, as grammars declare it. */
export type Catalogue = readonly CatalogueEntry[];

export interface CatalogueEntry extends Pick<Scanner, 'service'> {
  readonly messages: readonly CatalogueMessage[];
}

type CatalogueMessage = Pick<GrammarMessage, 'name' | 'kind' | 'role' | 'points' | 'namesUser'>;

/**
 * Finds the messages and users that the rules are about. Throws McblockError('config') for a service
 * or message that does not exist or cannot count.
 * @param isComplete false: a grammar could not be read, so that what is unknown may be of it
 * @param wrong the error for a rule that is wrong, by its index
 */
export function compileRules(
  declared: readonly DeclaredRule[],
  catalogue: Catalogue,
  isComplete: boolean,
  wrong: (index: number, reason: string) => McblockError,
): CompiledRules {
  const users: UserCondition[] = [];
  const rules = declared.map(({ name, conditions, effects }, index): PolicyRule => {
    const {
      services: _,
      messages: __,
      kinds: _2,
      users: _3,
      knownUsers: _4,
      ...others
    } = conditions;
    try {
      const events = eventsOf(conditions, catalogue, isComplete);
      if (isComplete) checkPossible(conditions, effects, events, catalogue);
      const bit = userBit(conditions, users);
      if (users.length > MAX_USER_CONDITIONS) {
        throw new McblockError(
          'config',
          `more than ${MAX_USER_CONDITIONS} different lists of users; give rules the same list where you can`,
        );
      }
      return { name, conditions: { ...others, events, users: bit }, effects };
    } catch (cause) {
      throw cause instanceof McblockError ? wrong(index, cause.message) : cause;
    }
  });
  return { rules, users };
}

/**
 * The rules for requests of which no event is known. Those about events never fit; what they decided
 * before is found by their names.
 */
export function rulesWithoutEvents(declared: readonly DeclaredRule[]): CompiledRules {
  const all: UserCondition[] = [];
  const rules = declared.map(({ name, conditions, effects }): PolicyRule => {
    const { services, messages, kinds, users, knownUsers, ...others } = conditions;
    const of = [services, messages, kinds];
    const events = of.every((one) => one === undefined) ? undefined : new Set([JSON.stringify(of)]);
    const bit = userBit({ users, knownUsers }, all);
    return { name, conditions: { ...others, events, users: bit }, effects };
  });
  return { rules, users: all };
}

function eventsOf(
  { services, messages, kinds }: DeclaredConditions,
  catalogue: Catalogue,
  isComplete: boolean,
): ReadonlySet<string> | undefined {
  if (services === undefined && messages === undefined && kinds === undefined) return undefined;
  if (isComplete) {
    checkServices(services ?? [], catalogue);
    checkMessages(messages ?? [], catalogue);
  }
  const events = catalogue
    .filter(({ service }) => services === undefined || services.includes(service))
    .flatMap(({ service, messages: all }) =>
      all
        .filter(({ kind }) => (kinds ?? COUNTED_KINDS).some((one) => one === kind))
        .map((one) => nameOf(service, one)),
    )
    .filter((name) => messages === undefined || messages.includes(name));
  if (events.length === 0 && isComplete) {
    throw new McblockError(
      'config',
      'can never apply: no message has its services, messages and kinds',
    );
  }
  return new Set(events);
}

function checkPossible(
  { users, distinctServices = 0 }: DeclaredConditions,
  { points, windowSeconds }: RuleEffects,
  events: ReadonlySet<string> | undefined,
  catalogue: Catalogue,
): void {
  if ((points ?? windowSeconds) !== undefined && events && !isAnyOf(events, catalogue, hasPoints)) {
    const effect = points === undefined ? 'window' : 'points';
    throw new McblockError('config', `its ${effect} can never apply: a witness counts no points`);
  }
  if (users !== undefined && events && !isAnyOf(events, catalogue, ({ namesUser }) => namesUser)) {
    throw new McblockError('config', 'can never apply: none of its messages names a user');
  }
  if (distinctServices > catalogue.length) {
    throw new McblockError(
      'config',
      `can never apply: there are only ${catalogue.length} services`,
    );
  }
}

function hasPoints({ kind }: CatalogueMessage): boolean {
  return kind !== 'witness';
}

/** Whether one of these events is of a message that is so. */
function isAnyOf(
  events: ReadonlySet<string>,
  catalogue: Catalogue,
  isSo: (message: CatalogueMessage) => boolean | undefined,
): boolean {
  return catalogue.some(({ service, messages }) =>
    messages.some((message) => events.has(nameOf(service, message)) && isSo(message)),
  );
}

function checkServices(services: readonly string[], catalogue: Catalogue): void {
  const known = catalogue.map(({ service }) => service);
  for (const service of services) {
    if (!known.includes(service)) throw unknown('service', service, known);
  }
}

function checkMessages(messages: readonly string[], catalogue: Catalogue): void {
  for (const name of messages) {
    const [service = ''] = name.split('.');
    const own = catalogue.find((one) => one.service === service);
    const found = own?.messages.find((message) => nameOf(service, message) === name);
    if (found === undefined) throw unknownMessage(name, own, catalogue);
    if (!COUNTED_KINDS.some((kind) => kind === found.kind)) {
      throw new McblockError(
        'config',
        `${name} is a ${found.kind}; only attempts and signs have points`,
      );
    }
  }
}

/** @param own the service that the name begins with */
function unknownMessage(
  name: string,
  own: CatalogueEntry | undefined,
  catalogue: Catalogue,
): McblockError {
  if (own === undefined) return unknown('message', name, catalogue.flatMap(namesOf));
  return unknown('message', name, namesOf(own), '; docs/services.md lists those of each service');
}

/** @param otherwise what is said if none is near */
function unknown(
  what: string,
  name: string,
  known: readonly string[],
  otherwise = '',
): McblockError {
  const meant = nearest(name, known) ?? known.find((one) => one.startsWith(name));
  const hint = meant === undefined ? otherwise : `; did you mean ${meant}?`;
  return new McblockError('config', `unknown ${what} ${name}${hint}`);
}

function namesOf({ service, messages }: Catalogue[number]): string[] {
  return messages.map((message) => nameOf(service, message));
}

export function nameOf(service: string, { name }: Pick<GrammarMessage, 'name'>): string {
  return `${service}.${name}`;
}

/** The bit of the condition on users, which is added if it is new. */
function userBit(
  { users, knownUsers = [] }: DeclaredConditions,
  all: UserCondition[],
): number | undefined {
  if (users === undefined) return undefined;
  const condition: UserCondition =
    typeof users === 'string'
      ? { isKnown: users === 'known', names: knownUsers }
      : { patterns: users };
  const text = JSON.stringify(condition);
  const known = all.findIndex((one) => JSON.stringify(one) === text);
  return known >= 0 ? known : all.push(condition) - 1;
}
