import { once } from 'node:events';
import { ServerLog } from '../fleet/server-log.ts';
import type { Context } from './context.ts';
import { ReaderGone } from './sink.ts';

/** The log of a daemon: JSON lines on stderr. */
export function daemonLog(context: Context): ServerLog {
  const { quiet, verbose } = context.options;
  const write = (line: string): void => {
    try {
      context.stderr.write(line);
    } catch (error) {
      // A closed log must not stop the daemon.
      if (!(error instanceof ReaderGone)) throw error;
    }
  };
  return new ServerLog(write, quiet ? 'warning' : verbose ? 'debug' : 'info');
}

/** Waits for the signal that stops the program and returns its name. */
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
