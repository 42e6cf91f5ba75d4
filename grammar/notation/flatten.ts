import type { Expression, Field, Location, SubRule } from './tree.ts';

/**
 * An expression with its sub-rules expanded. An optional part is a choice whose last branch is empty;
 * no sequence is directly in a sequence, and no two literals are adjacent.
 */
export type Flat = FlatLiteral | FlatField | FlatSequence | FlatChoice;

interface FlatLiteral {
  readonly type: 'literal';
  readonly at: Location;
  readonly bytes: readonly number[];
}

interface FlatField {
  readonly type: 'field';
  readonly at: Location;
  readonly field: Field;
}

interface FlatSequence {
  readonly type: 'sequence';
  readonly at: Location;
  readonly items: readonly Flat[];
}

export interface FlatChoice {
  readonly type: 'choice';
  readonly at: Location;
  /** In order of preference. */
  readonly branches: readonly Flat[];
}

/** How many parts a message may have with its sub-rules expanded. */
export const MAX_MESSAGE_PARTS = 2_000;

/**
 * Flattens the expression of a message whose names are all known and not recursive; undefined if
 * it has more than MAX_MESSAGE_PARTS parts.
 */
export function flatten(body: Expression, rules: ReadonlyMap<string, SubRule>): Flat | undefined {
  let parts = 0;
  const flat = (expression: Expression): Flat | undefined => {
    if (++parts > MAX_MESSAGE_PARTS) return undefined;
    switch (expression.type) {
      case 'literal':
      case 'field':
        return expression;
      case 'header-field':
        return undefined;
      case 'name': {
        const rule = rules.get(expression.name);
        return rule && flat(rule.body);
      }
      case 'optional': {
        const present = flat(expression.body);
        const absent: Flat = { type: 'sequence', at: expression.at, items: [] };
        return present && { type: 'choice', at: expression.at, branches: [present, absent] };
      }
      case 'choice': {
        const branches = all(expression.branches, flat);
        return branches && { type: 'choice', at: expression.at, branches };
      }
      case 'sequence': {
        const items = all(expression.items, flat);
        return items && joinedSequence(expression.at, items);
      }
    }
  };
  return flat(body);
}

/** A text of the expression; equal texts match the same lines. */
export function canonical(flat: Flat): string {
  return JSON.stringify(flat, (key, value: unknown) => (key === 'at' ? undefined : value));
}

function all(
  expressions: readonly Expression[],
  flat: (expression: Expression) => Flat | undefined,
): Flat[] | undefined {
  const flats: Flat[] = [];
  for (const expression of expressions) {
    const one = flat(expression);
    if (!one) return undefined;
    flats.push(one);
  }
  return flats;
}

function joinedSequence(at: Location, parts: readonly Flat[]): Flat {
  const items: Flat[] = [];
  for (const part of parts.flatMap((one) => (one.type === 'sequence' ? one.items : [one]))) {
    const last = items.at(-1);
    if (part.type === 'literal' && last?.type === 'literal') {
      items[items.length - 1] = { ...last, bytes: [...last.bytes, ...part.bytes] };
    } else items.push(part);
  }
  const [first] = items;
  return first && items.length === 1 ? first : { type: 'sequence', at, items };
}
