import { type Fault, faultAt } from './fault.ts';
import { FILE_RULE } from './file-form.ts';
import type { Expression, Grammar, Location, MessageRule, SubRule } from './tree.ts';

const MAX_POINTS = 1000;

/** Faults of names that are duplicate, unknown, unused or recursive, and of points. */
export function checkNames(grammar: Grammar): readonly Fault[] {
  const { rules, messages } = grammar;
  const byName = new Map(rules.map((rule) => [rule.name, rule]));
  const used = new Set<string>([FILE_RULE]);
  const faults: Fault[] = [];
  for (const { body } of [...rules, ...messages]) {
    for (const { name, at } of namesIn(body)) {
      used.add(name);
      if (!byName.has(name)) faults.push(faultAt(at, unknownName(name, grammar)));
    }
  }
  for (const rule of rules) {
    const { at, name } = rule;
    if (!used.has(name)) faults.push(faultAt(at, `sub-rule ${name} is never used`));
    if (leadsTo(rule, name, byName)) {
      faults.push(faultAt(at, `sub-rule ${name} contains itself; rules cannot be recursive`));
    }
  }
  if (messages.length === 0) {
    faults.push(faultAt({ line: 1, column: 1 }, `service ${grammar.service} has no message`));
  }
  return [...faults, ...twice(grammar), ...messages.flatMap((m) => [...points(m), ...examples(m)])];

  /** The message that an example names must exist. */
  function examples({ examples: lines }: MessageRule): Fault[] {
    return lines.flatMap(({ at, expected }) => {
      const name = expected === 'ambiguous' ? undefined : expected.message;
      if (name === undefined || messages.some((message) => message.name === name)) return [];
      return [faultAt(at, `unknown message ${name}`)];
    });
  }
}

function namesIn(expression: Expression): readonly { name: string; at: Location }[] {
  switch (expression.type) {
    case 'literal':
    case 'field':
    case 'header-field':
      return [];
    case 'name':
      return [expression];
    case 'optional':
      return namesIn(expression.body);
    case 'choice':
      return expression.branches.flatMap(namesIn);
    case 'sequence':
      return expression.items.flatMap(namesIn);
  }
}

function unknownName(name: string, { messages }: Grammar): string {
  return messages.some((message) => message.name === name)
    ? `${name} is a message; only sub-rules (name = …) can be used in a rule`
    : `unknown sub-rule ${name}; put text of a message in quotes`;
}

function leadsTo(from: SubRule, name: string, byName: ReadonlyMap<string, SubRule>): boolean {
  const seen = new Set<string>();
  const visit = (rule: SubRule): boolean =>
    namesIn(rule.body).some((used) => {
      if (used.name === name) return true;
      const next = byName.get(used.name);
      if (!next || seen.has(used.name)) return false;
      seen.add(used.name);
      return visit(next);
    });
  return visit(from);
}

function twice({ rules, messages }: Grammar): Fault[] {
  const first = new Map<string, Location>();
  const inOrder = [...rules, ...messages].toSorted(
    (p, q) => p.at.line - q.at.line || p.at.column - q.at.column,
  );
  return inOrder.flatMap(({ name, at }) => {
    const before = first.get(name);
    if (before) return [faultAt(at, `${name} is already declared in line ${before.line}`)];
    first.set(name, at);
    return [];
  });
}

function points({ at, name, kind, points: given }: MessageRule): Fault[] {
  if (kind === 'witness' || kind === 'login' || kind === 'note') {
    return given === undefined ? [] : [faultAt(at, `${name}: a ${kind} has no points`)];
  }
  if (given === undefined) {
    return [faultAt(at, `${name} needs points, as in "${name} ${kind} 10 = …"`)];
  }
  // A sign that can be forged counts nothing, unless policy gives it points.
  const least = kind === 'sign' ? 0 : 1;
  if (given >= least && given <= MAX_POINTS) return [];
  return [faultAt(at, `${name}: points must be from ${least} to ${MAX_POINTS}, not ${given}`)];
}
