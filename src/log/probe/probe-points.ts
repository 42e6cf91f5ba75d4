import { UNKNOWN_PORT } from '../../blocklist/probe.ts';
import { BAD_PORTS } from './bad-ports.ts';

/** Points of a port, and of one that browsers refuse. */
const POINTS = 3;
const BAD_PORT_POINTS = 10;

/** The points of a connection to a port; 0 is an unknown one. */
export function pointsOfPort(port: number): number {
  return BAD_PORTS.has(port) ? BAD_PORT_POINTS : POINTS;
}

/** The message for a port; 0 is an unknown one. */
export function messageOfPort(port: number): string {
  return port === 0 ? UNKNOWN_PORT : `tcp/${port}`;
}

/** Stands for the ports that are not listed. */
export const OTHER_PORT = 'tcp/other port';

/**
 * What a probe can report, as a grammar would declare it.
 * @param named ports that count for themselves besides those that browsers refuse
 */
export function probeMessages(named: readonly number[]) {
  const ports = Array.from(new Set([0, ...BAD_PORTS, ...named]), (port) => ({
    name: messageOfPort(port),
    points: pointsOfPort(port),
  }));
  const all = [...ports, { name: OTHER_PORT, points: POINTS }];
  return all.map((one) => ({ ...one, kind: 'sign' as const }));
}
