import { McblockError } from '../../errors.ts';
import { isObject } from '../../validation/codec.ts';

/** A key of an earlier version that had values by name, and the rules that do the same. */
interface ReplacedKey {
  readonly key: string;
  /** The condition that takes the names, and the effect that takes the value. */
  readonly condition: 'messages' | 'countries';
  readonly effect: 'points' | 'penalty' | 'length4' | 'length6';
}

const REPLACED: readonly ReplacedKey[] = [
  { key: 'offence.messages', condition: 'messages', effect: 'points' },
  { key: 'geo.penalties', condition: 'countries', effect: 'penalty' },
  { key: 'geo.lengths4', condition: 'countries', effect: 'length4' },
  { key: 'geo.lengths6', condition: 'countries', effect: 'length6' },
];

/**
 * Refuses the keys that rules replace, with the text of these rules. Throws McblockError('config').
 * @param lineOf the line of a key
 */
export function refuseReplaced(
  root: Readonly<Record<string, unknown>>,
  file: string,
  lineOf: (key: string) => number,
): void {
  const found = REPLACED.filter(({ key }) => valueOf(root, key) !== undefined);
  const [first] = found;
  if (first === undefined) return;
  const names = found.map(({ key }) => key).join(', ');
  const [are, these] = found.length === 1 ? ['is', 'it'] : ['are', 'them'];
  const texts = found.flatMap((one) => rulesFor(one, valueOf(root, one.key)));
  const advice =
    texts.length === 0 ? `remove ${these}` : `write in place of ${these}:\n\n${texts.join('\n')}`;
  throw new McblockError(
    'config',
    `${file}:${lineOf(first.key)}: ${names} ${are} now [[rule]]; ${advice}`,
  );
}

function valueOf(root: Readonly<Record<string, unknown>>, key: string): unknown {
  return key
    .split('.')
    .reduce<unknown>(
      (table, name) => (isObject(table) && Object.hasOwn(table, name) ? table[name] : undefined),
      root,
    );
}

/** One rule for each different value. */
function rulesFor({ condition, effect, key }: ReplacedKey, value: unknown): string[] {
  if (!isObject(value)) return [];
  const byValue = new Map<string, string[]>();
  for (const [name, each] of Object.entries(value)) {
    const text = JSON.stringify(each);
    byValue.set(text, [...(byValue.get(text) ?? []), name]);
  }
  return Array.from(byValue, ([text, names]) =>
    [
      '[[rule]]',
      `name = ${JSON.stringify(`${key.replace('.', ' ')} ${text.replaceAll('"', '')}`)}`,
      `${condition} = ${JSON.stringify(names)}`,
      `${effect} = ${text}`,
      '',
    ].join('\n'),
  );
}
