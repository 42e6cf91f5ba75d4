/** What the configuration says of one channel. */
export type ChannelSetting =
  | 'block'
  | {
      /** The absolute path of a program first. */
      readonly command: readonly [string, ...string[]];
      readonly carries: 'address' | 'prefix' | 'word';
      /** A regular expression for the whole word. */
      readonly words: string | undefined;
    };

const WHAT =
  'takes a table such as { block = "block", ping = { command = ["/sbin/ping", "-c", "5"], carries = "address" } }; carries is "address", "prefix", or "word" with words = "a regular expression"';

/** Throws an Error whose message ends the sentence "listen.channels ...". */
export function readChannels(value: unknown): ReadonlyMap<string, ChannelSetting> {
  if (!isTable(value)) throw new Error(WHAT);
  return new Map(
    Object.entries(value).map(([name, action]) => {
      if (!/^[\x21-\x7e]{1,64}$/.test(name)) throw new Error(`has no channel "${name}"; ${WHAT}`);
      return [name, readAction(action)];
    }),
  );
}

/** As an inline table. */
export function showChannels(channels: ReadonlyMap<string, ChannelSetting>): string {
  const shown = Array.from(channels, ([name, action]) => {
    const key = /^[\w-]+$/.test(name) ? name : JSON.stringify(name);
    if (action === 'block') return `${key} = "block"`;
    const { command, carries, words } = action;
    const pattern = words === undefined ? '' : `, words = ${JSON.stringify(words)}`;
    return `${key} = { command = ${JSON.stringify(command)}, carries = "${carries}"${pattern} }`;
  });
  return `{ ${shown.join(', ')} }`;
}

function readAction(value: unknown): ChannelSetting {
  if (value === 'block') return value;
  if (!isTable(value)) throw new Error(WHAT);
  const { command, carries, words, ...rest } = value;
  const isArgv =
    Array.isArray(command) &&
    command.every((word) => typeof word === 'string' && !word.includes('\0')) &&
    String(command[0]).startsWith('/');
  const isCarried = carries === 'address' || carries === 'prefix' || carries === 'word';
  if (!isArgv || !isCarried || Object.keys(rest).length > 0) throw new Error(WHAT);
  if ((carries === 'word') !== isPattern(words)) throw new Error(WHAT);
  return {
    command: command as [string, ...string[]],
    carries,
    words: carries === 'word' ? String(words) : undefined,
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

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
