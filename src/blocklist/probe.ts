import type { Offence, OffenceKind } from './offence.ts';

/**
 * The service of connections to ports that nobody should connect to. The message is the port, as in
 * `tcp/23`, or UNKNOWN_PORT. A finished handshake proves the address, but not the intent: a web page
 * can make a visitor's browser connect. Such offences count for their host alone, unless it tried
 * as many ports as no page would. An IPv6 host may take any address of its network.
 */
export const PROBE = 'probe';

export const UNKNOWN_PORT = 'tcp';

/** A host that tried so many ports within the window counts for its network. */
const SCAN_PORTS = 10;
/** More are not kept of one prefix: as many as 256 hosts make that are not blocked. */
export const MAX_PROBES = 256 * SCAN_PORTS;
/** Without a port, so many connections within the window count. */
const MAX_UNKNOWN = 10;

export function isProbe({ kind }: Pick<Offence, 'kind'>): boolean {
  return kind.service === PROBE;
}

/** Stands for all probes in evidence that is summed without an address: there are too many ports. */
export const NAMELESS_PROBE: OffenceKind = {
  service: PROBE,
  message: UNKNOWN_PORT,
  log: '',
  host: '',
  proxy: '',
};

/** What connections to one port count together: it once, without a port up to ten times as much. */
export function probePoints(
  { kind, points, count }: Offence,
  before: Pick<Offence, 'points'> | undefined,
): number {
  const earlier = before?.points ?? 0;
  if (kind.message !== UNKNOWN_PORT) return Math.max(points, earlier);
  return Math.min(earlier + points, Math.ceil((points * MAX_UNKNOWN) / count));
}

/** The probes of one host within the window. */
export interface ProbingHost {
  /** How many distinct ports it tried. */
  readonly ports: number;
  readonly points: number;
}

/** What the probes of a host count for its network. */
export function scanPoints({ ports, points }: ProbingHost): number {
  return ports >= SCAN_PORTS ? points : 0;
}
