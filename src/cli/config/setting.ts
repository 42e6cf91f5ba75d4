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

function tomlText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(tomlText).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const pairs = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .map(([name, each]) => {
      const key = /^[\w-]+$/.test(name) ? name : JSON.stringify(name);
      return `${key} = ${tomlText(each)}`;
    });
  return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
}
