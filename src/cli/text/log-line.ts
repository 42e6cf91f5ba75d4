import type { LogRecord } from '../../fleet/server-log.ts';
import { printable } from './printable.ts';

/** A line of a daemon's log as text: `10:34:56 warning: disconnected: reason ECONNREFUSED`. */
export function logLine({ time, level, event, fields }: LogRecord): string {
  const isUsual = level === 'info' || level === 'debug';
  const details = Object.entries(fields)
    .filter(([, value]) => value !== undefined && value !== null && value !== '')
    .map(([name, value]) => `${name} ${printable(String(value))}`);
  const what = details.length === 0 ? event : `${event}: ${details.join(', ')}`;
  return `${time.slice(11, 19)} ${isUsual ? '' : `${level}: `}${what}`;
}
