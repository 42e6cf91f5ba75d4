import { once } from 'node:events';
import { ServerLog } from '../fleet/server-log.ts';
import type { Context } from './context.ts';
import { logLine } from './text/log-line.ts';

/** The log of a daemon on stderr: JSON lines, or text at a terminal. */
export function daemonLog(context: Context): ServerLog {
  const { json, quiet, verbose } = context.options;
  const write = (line: string): void => context.stderr.write(line);
  const format = context.stderr.isTerminal && !json ? logLine : undefined;
  return new ServerLog(write, quiet ? 'warning' : verbose ? 'debug' : 'info', format);
}

/**
 * Waits for the signal that stops the program and returns its name. Called before a daemon says that it
 * works: whoever reads that may send the signal at once.
 */
export async function stopped(): Promise<string> {
  const stop = new AbortController();
  const signals = ['SIGTERM', 'SIGINT'] as const;
  const waits = signals.map(async (name) => {
    await once(process, name, { signal: stop.signal });
    return name;
  });
  const first = await Promise.race(waits);
  for (const wait of waits) wait.catch(() => {});
  stop.abort();
  return first;
}
