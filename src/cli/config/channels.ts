import { type Codec, codec, isObject, mapOf } from '../../validation/codec.ts';

/** What a channel does with a message. */
export type ChannelSetting =
  | 'block'
  | {
      readonly block: true;
      /** Plain text, which is not signed, is accepted even where messages are verified. */
      readonly plain: boolean;
    }
  | {
      /** The absolute path of a program first. */
      readonly command: readonly [string, ...string[]];
      readonly carries: 'address' | 'prefix' | 'word';
      /** A regular expression for the whole word. */
      readonly words: string | undefined;
      readonly plain: boolean | undefined;
    };

const ACTION: Codec<ChannelSetting> = codec({
  schema: {},
  wanted:
    '"block", { block = true, plain = true }, or a table such as { command = ["/sbin/ping", "-c", "5"], carries = "address" }; carries is "address", "prefix", or "word" with words = "a regular expression"',
  parse: parseAction,
});

/** By the name of the channel. */
export function channels(): Codec<ReadonlyMap<string, ChannelSetting>> {
  return mapOf(/^[\x21-\x7e]{1,64}$/, 'a table of channels such as { block = "block" }', ACTION);
}

function parseAction(value: unknown): ChannelSetting | undefined {
  if (value === 'block') return value;
  if (!isObject(value)) return undefined;
  const { block, command, carries, words, plain, ...rest } = value;
  if (plain !== undefined && typeof plain !== 'boolean') return undefined;
  if (block !== undefined) {
    const isOther = [command, carries, words, ...Object.values(rest)].some(
      (one) => one !== undefined,
    );
    return block === true && !isOther ? { block, plain: plain === true } : undefined;
  }
  const isArgv =
    Array.isArray(command) &&
    command.every((word) => typeof word === 'string' && !word.includes('\0')) &&
    String(command[0]).startsWith('/');
  const isCarried = carries === 'address' || carries === 'prefix' || carries === 'word';
  if (!isArgv || !isCarried || Object.keys(rest).length > 0) return undefined;
  if (carries === 'word' ? !isPattern(words) : words !== undefined) return undefined;
  return {
    command: command as [string, ...string[]],
    carries,
    words: carries === 'word' ? String(words) : undefined,
    plain,
  };
}

function isPattern(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  try {
    return new RegExp(value, 'u').source !== '';
  } catch {
    return false;
  }
}
