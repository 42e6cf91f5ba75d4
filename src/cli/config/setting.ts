import { type Codec, isObject } from '../../validation/codec.ts';

/** One key of the configuration. */
export interface Setting<T> {
  /** The value if the file does not have the key. */
  readonly fallback: T;
  readonly codec: Codec<T>;
}

export function setting<T>(fallback: NoInfer<T>, codec: Codec<T>): Setting<T> {
  return { fallback, codec };
}

/** The value as it would stand in the file. */
export function settingText<T>({ codec }: Setting<T>, value: T): string {
  return tomlText(codec.write(value));
}

/** The lines of each table as they would stand in the file, if the value is a list of tables. */
export function settingTables<T>({ codec }: Setting<T>, value: T): readonly string[][] {
  const written = codec.write(value);
  return Array.isArray(written) && written.every(isObject) ? written.map(pairsOf) : [];
}

function tomlText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(tomlText).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const pairs = pairsOf(value);
  return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
}

function pairsOf(table: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(table)
    .filter(([, each]) => each !== undefined)
    .map(([name, each]) => {
      const key = /^[\w-]+$/.test(name) ? name : JSON.stringify(name);
      return `${key} = ${tomlText(each)}`;
    });
}
