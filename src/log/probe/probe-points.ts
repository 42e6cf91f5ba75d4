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

/** All that a probe can report, as a grammar would declare it. */
export function probeMessages() {
  return Array.from({ length: 65_536 }, (_, port) => ({
    name: messageOfPort(port),
    kind: 'sign' as const,
    points: pointsOfPort(port),
  }));
}
