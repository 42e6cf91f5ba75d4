import { McblockError } from '../../errors.ts';
import { findProgram } from '../../process/find-program.ts';
import { ProgramError } from '../../process/program.ts';
import { streamProgram } from '../../process/stream-program.ts';
import { unprivilegedUser } from '../../process/unprivileged-user.ts';
import type { Chunks } from '../source.ts';
import { damaged, type Warn } from './broken.ts';

/** The options limit the memory that a hostile file can ask for. */
const OPTIONS = {
  xz: ['-dc', '--memlimit-decompress=256MiB'],
  zstd: ['-dc', '--memory=256MB'],
} as const;

/**
 * Decompresses with xz(1) or zstd(1). Throws McblockError('program') if it is not installed,
 * McblockError('input') if the data is damaged or truncated.
 */
export async function* decompressExternally(
  format: keyof typeof OPTIONS,
  input: Chunks,
  name: string,
  warn: Warn,
): AsyncGenerator<Buffer> {
  const path = findProgram(format);
  if (path === undefined) {
    throw new McblockError(
      'program',
      `${name} is compressed with ${format}, which is not installed; install it, or decompress the log and pipe it in`,
    );
  }
  const onMessage = (line: string): void => warn(`${name}: ${withoutName(line)}`);
  let decompressed = 0;
  try {
    for await (const chunk of runDecompressor(path, OPTIONS[format], input, onMessage)) {
      decompressed += chunk.length;
      yield chunk;
    }
  } catch (cause) {
    if (!(cause instanceof ProgramError)) throw cause;
    throw damaged({ name, format, byte: undefined, decompressed }, withoutName(cause.reason));
  }
}

/** As streamProgram, but never as root: decompressors read untrusted data. */
export function runDecompressor(
  path: string,
  args: readonly string[],
  input: Chunks,
  onMessage?: (line: string) => void,
): AsyncGenerator<Buffer> {
  const user = unprivilegedUser();
  return streamProgram(path, args, input, onMessage ? { user, onMessage } : { user });
}

/** Programs begin a message with the name of the file, which is stdin here. */
function withoutName(message: string): string {
  return message.replace(/^.*stdin[^:]*: /, '');
}
