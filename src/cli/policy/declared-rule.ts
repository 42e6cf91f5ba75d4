import type { MessageKind } from '../../../grammar/notation/scanner.ts';
import type { RuleConditions, RuleEffects } from '../../blocklist/policy-rule.ts';

/** The kinds of messages that can count. */
export const COUNTED_KINDS = [
  'attempt',
  'sign',
  'witness',
] as const satisfies readonly MessageKind[];

/** A rule as the configuration has it, with names of services and users. */
export interface DeclaredRule {
  readonly name: string;
  readonly conditions: DeclaredConditions;
  readonly effects: RuleEffects;
}

export interface DeclaredConditions extends Omit<RuleConditions, 'events' | 'users'> {
  readonly services?: readonly string[] | undefined;
  /** `service.message` */
  readonly messages?: readonly string[] | undefined;
  readonly kinds?: readonly (typeof COUNTED_KINDS)[number][] | undefined;
  /** Names, in which * is any text; or whether they have an account here or logged in before. */
  readonly users?: readonly string[] | 'known' | 'unknown' | undefined;
  /** More users that count as known. */
  readonly knownUsers?: readonly string[] | undefined;
}
