import type { Seconds } from '../../blocklist/entry.ts';
import type { Offence, OffenceKind } from '../../blocklist/offence.ts';
import { PROBE, UNKNOWN_PORT } from '../../blocklist/probe.ts';
import { parseAddress } from '../../net/address-text.ts';
import { type EventCollector, groupsOf, type LinesSummary } from '../follow/follow-lines.ts';
import { messageOfPort, pointsOfPort } from './probe-points.ts';

/** Further ports of an address in one batch count as unknown, so that a scan fills no history. */
const MAX_NAMED_PORTS = 16;

/** Connections from one address to one port. */
type Connections = { -readonly [Name in keyof Omit<Offence, 'at'>]: Offence[Name] };

/** Collects the connections that the accepting program reports, a line each. */
export class ProbeCollector implements EventCollector {
  #rest = '';
  #found = new Map<string, Connections>();
  /** How many ports of an address are named in the batch. */
  #named = new Map<string, number>();
  readonly #kinds = new Map<string, OffenceKind>();
  /** How many connections were collected, and how many the program accepted, once it has ended. */
  collected = 0;
  accepted: number | undefined;
  readonly #ruled: (kind: OffenceKind) => number | undefined;

  /** @param ruled the points of a port in place of its own, if rules say so */
  constructor(ruled: (kind: OffenceKind) => number | undefined) {
    this.#ruled = ruled;
  }

  push(chunk: Buffer): void {
    const lines = (this.#rest + chunk.toString('latin1')).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#add(line);
  }

  finish(): void {
    // Every line ends with a newline.
  }

  get hasEvents(): boolean {
    return this.#found.size > 0;
  }

  take(now: Seconds): LinesSummary {
    const offences = Array.from(this.#found.values(), (one) => ({ ...one, at: now }));
    this.#found = new Map();
    this.#named = new Map();
    const span = { first: now, last: now };
    return { span, groups: (spaceAround) => groupsOf(offences, spaceAround), logins: [] };
  }

  #add(line: string): void {
    const [text = '', from = '', to] = line.split(' ', 3);
    if (text === 'accepted') this.accepted = Number(from);
    if (to === undefined) return;
    this.collected++;
    const message = this.#messageOf(text, Number(to));
    const key = `${text} ${message}`;
    const known = this.#found.get(key);
    if (known !== undefined) {
      known.count++;
      if (message === UNKNOWN_PORT) known.points += this.#pointsOf(known.kind, 0);
      known.port = Number(from);
      return;
    }
    const address = parseAddress(text);
    if (address === undefined) return;
    const kind = this.#kindOf(message);
    const points = this.#pointsOf(kind, message === UNKNOWN_PORT ? 0 : Number(to));
    this.#found.set(key, { address, points, count: 1, port: Number(from), user: undefined, kind });
  }

  #messageOf(from: string, port: number): string {
    const message = messageOfPort(port);
    if (message === UNKNOWN_PORT || this.#found.has(`${from} ${message}`)) return message;
    const named = this.#named.get(from) ?? 0;
    if (named === MAX_NAMED_PORTS) return UNKNOWN_PORT;
    this.#named.set(from, named + 1);
    return message;
  }

  #pointsOf(kind: OffenceKind, port: number): number {
    return this.#ruled(kind) ?? pointsOfPort(port);
  }

  /** Equal kinds are the same object. */
  #kindOf(message: string): OffenceKind {
    const known = this.#kinds.get(message);
    const kind = known ?? { service: PROBE, message, log: '', host: '', proxy: '' };
    if (known === undefined) this.#kinds.set(message, kind);
    return kind;
  }
}
