import { type Fault, faultAt } from './fault.ts';
import { type FileForm, type HeaderField, namesTime } from './file-fields.ts';
import { MAX_MESSAGE_PARTS } from './flatten.ts';
import type { Expression, Grammar, Location, SubRule } from './tree.ts';

/** The name of the sub-rule that declares how the service begins the lines of its own file. */
export const FILE_RULE = 'file';

/** The form that a checked grammar declares; undefined if it declares none. */
export function fileFormOf({ rules }: Pick<Grammar, 'rules'>): FileForm | undefined {
  const byName = new Map(rules.map((rule) => [rule.name, rule]));
  const file = byName.get(FILE_RULE);
  return file && expand(file.body, byName);
}

function expand(body: Expression, rules: ReadonlyMap<string, SubRule>): FileForm {
  const all = (parts: readonly Expression[]) => parts.map((part) => expand(part, rules));
  switch (body.type) {
    case 'literal':
      return { type: 'literal', bytes: body.bytes };
    case 'field':
    case 'header-field':
      return { type: 'field', field: body.field as HeaderField };
    case 'name':
      return expand(rules.get(body.name)?.body ?? body, rules);
    case 'optional':
      return { type: 'choice', branches: [expand(body.body, rules), NOTHING] };
    case 'choice':
      return { type: 'choice', branches: all(body.branches) };
    case 'sequence':
      return { type: 'sequence', items: all(body.items) };
  }
}

const NOTHING: FileForm = { type: 'sequence', items: [] };

/** Faults of the declaration. The names of the grammar have none. */
export function checkFileForm(grammar: Grammar): readonly Fault[] {
  const byName = new Map(grammar.rules.map((rule) => [rule.name, rule]));
  const rule = byName.get(FILE_RULE);
  const faults = grammar.messages.flatMap(({ body }) =>
    fieldsOf(body, byName)
      .filter(({ type }) => type === 'header-field')
      .map(({ at, field }) => faultAt(at, `${field} belongs in the rule "${FILE_RULE}"`)),
  );
  if (rule === undefined) return faults;
  const fields = fieldsOf(rule.body, byName);
  if (fields.length > MAX_MESSAGE_PARTS) {
    return [...faults, faultAt(rule.at, `${FILE_RULE} is too large`)];
  }
  for (const { type, at, field } of fields) {
    if (type === 'header-field' || field === 'WORD' || field === 'INT' || field === 'TEXT')
      continue;
    faults.push(faultAt(at, `${field} is of a message; ${FILE_RULE} is what precedes it`));
  }
  if (!fields.some(({ field }) => namesTime(field))) {
    faults.push(faultAt(rule.at, `${FILE_RULE} has no time`));
  }
  // Each could end at any place.
  if (fields.filter(({ field }) => field === 'TEXT').length > 1) {
    faults.push(faultAt(rule.at, `${FILE_RULE} can have TEXT once`));
  }
  return faults;
}

interface FieldAt {
  readonly type: 'field' | 'header-field';
  readonly at: Location;
  readonly field: string;
}

/** The fields of an expression, with its sub-rules expanded, at most one more than is allowed. */
function fieldsOf(body: Expression, rules: ReadonlyMap<string, SubRule>): readonly FieldAt[] {
  const found: FieldAt[] = [];
  const visit = (part: Expression): void => {
    if (found.length > MAX_MESSAGE_PARTS) return;
    if (part.type === 'field' || part.type === 'header-field') found.push(part);
    else if (part.type === 'name') visit(rules.get(part.name)?.body ?? EMPTY);
    else if (part.type === 'optional') visit(part.body);
    else if (part.type === 'choice') part.branches.forEach(visit);
    else if (part.type === 'sequence') part.items.forEach(visit);
  };
  visit(body);
  return found;
}

const EMPTY: Expression = { type: 'sequence', at: { line: 1, column: 1 }, items: [] };
