import { amountOf, isAboutMessages, type PolicyRule } from '../../blocklist/policy-rule.ts';
import { PROBE, UNKNOWN_PORT } from '../../blocklist/probe.ts';
import type { RuleContext } from '../../blocklist/rule-conditions.ts';
import { OTHER_PORT } from '../../log/probe/probe-points.ts';
import { type Catalogue, nameOf } from './compile-rules.ts';

/** The points that messages have where they are read, and what rules must know of them. */
export interface RuledMessages extends Pick<RuleContext, 'eventOf'> {
  /** In place of those of the grammar. */
  readonly points: ReadonlyMap<string, number>;
  /** Those that count nothing unless a rule with further conditions fits. */
  readonly countNothing: ReadonlySet<string>;
  /** Those that count once, however often a line says that they occurred. */
  readonly countOnce: ReadonlySet<string>;
}

/**
 * Applies the rules that depend on nothing but the message. A message that counts nothing by itself,
 * to which another rule may give points, has these points until that rule is judged.
 */
export function ruledMessages(rules: readonly PolicyRule[], catalogue: Catalogue): RuledMessages {
  const points = new Map<string, number>();
  const countNothing = new Set<string>();
  const countOnce = new Set<string>();
  const names = new Set<string>();
  for (const { service, messages } of catalogue) {
    for (const message of messages) {
      names.add(nameOf(service, message));
      const { kind, role, points: own } = message;
      if (kind !== 'attempt' && kind !== 'sign') continue;
      const name = nameOf(service, message);
      if (kind === 'sign' && role === undefined && name !== EACH) countOnce.add(name);
      const concerned = rules.filter(
        ({ conditions: { events } }) => events === undefined || events.has(name),
      );
      const alone = concerned.findIndex(
        (rule) => isAboutMessages(rule) && rule.effects.points !== undefined,
      );
      const ruled = alone < 0 ? own : pointsBy(concerned[alone], own);
      const others = alone < 0 ? concerned : concerned.slice(0, alone);
      const possible = others.flatMap(({ effects }) =>
        effects.points !== undefined && 'set' in effects.points ? effects.points.set : 0,
      );
      const most = Math.max(0, ...possible);
      if (ruled === 0 && most > 0) countNothing.add(name);
      const read = ruled === 0 ? most : ruled;
      if (read !== own) points.set(name, read);
    }
  }
  const eventOf: RuledMessages['eventOf'] = ({ service, message }) => {
    const name = nameOf(service, { name: message });
    return service !== PROBE || names.has(name) ? name : OTHER;
  };
  return { points, countNothing, countOnce, eventOf };
}

/** Connections to ports that are not known count each; other signs count once. */
const EACH = nameOf(PROBE, { name: UNKNOWN_PORT });
const OTHER = nameOf(PROBE, { name: OTHER_PORT });

function pointsBy(rule: PolicyRule | undefined, own: number): number {
  const points = rule?.effects.points;
  return points === undefined ? own : Math.ceil(amountOf(points, own));
}
