import type { Scanner } from '../../grammar/notation/scanner.ts';
import type { Seconds } from '../blocklist/entry.ts';
import { type Address, addressOf, compareAddresses } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Line } from './line.ts';
import type { LogTime } from './time/clock.ts';

/** Requests from one prefix within the window that make it a likely proxy, whatever others send. */
const MANY_REQUESTS = 100;
/** More than half of fewer requests says nothing. */
const MIN_REQUESTS = 10;
/** The window moves in steps of a 24th. */
const SLOTS = 24;
/** The latest are known. A proxy is always one of them. */
const MAX_PREFIXES = 16_384;
/** The first digits of 2xx and 3xx. */
const TWO = 0x32;
const THREE = 0x33;

/** How likely proxies are found. */
export interface ProxySearch {
  readonly windowSeconds: Seconds;
  /** The automatic prefix around an address. */
  readonly prefixOf: (address: Address) => Prefix;
}

/** A prefix that may be a proxy from the first to the last of these times. */
export interface LikelyProxy {
  readonly prefix: Prefix;
  readonly first: Seconds;
  readonly last: Seconds;
}

/** What logs of web servers say of their clients, where the proxies are not known. */
export interface WebClients {
  readonly likelyProxies: readonly LikelyProxy[];
  /** The services that a proxy may stand in front of. */
  readonly services: ReadonlySet<string>;
}

/**
 * Counts the requests of a log that a web server answered with what was asked for, by prefix. One with
 * 100 of them within the window, or with more than half of all, may be a proxy.
 */
export class ServedRequests {
  readonly #search: ProxySearch;
  readonly #slotSeconds: number;
  /** The least recent first. */
  readonly #clients = new Map<string | number, Client>();
  readonly #all: Count = newCount();
  readonly #likely = new Set<Client>();
  readonly #services: ReadonlySet<string>;
  #lastTime: LogTime = 0;
  #last: Address | undefined;
  #lastClient: Client | undefined;

  /** @param scanners of all services */
  constructor(search: ProxySearch, scanners: readonly Scanner[]) {
    this.#search = search;
    this.#slotSeconds = search.windowSeconds / SLOTS;
    this.#services = webServices(scanners);
  }

  /** To be called for each request that is no offence. */
  add({ bytes, reading, time, repeatsLast }: Line): void {
    const { statusStart, family, a, b, c, d } = reading;
    const status = statusStart < 0 || repeatsLast ? 0 : bytes[statusStart];
    if (status !== TWO && status !== THREE) return;
    this.#lastTime = time;
    const slot = Math.floor(time / this.#slotSeconds);
    const client = this.#clientAt(addressOf(family === 4 ? 4 : 6, a, b, c, d));
    addTo(this.#all, slot);
    addTo(client, slot);
    const isMost = client.sum * 2 > this.#all.sum && this.#all.sum >= MIN_REQUESTS;
    if (client.sum < MANY_REQUESTS && !isMost) return;
    const span = client.spans.at(-1);
    if (span !== undefined && this.#isNear(span)) span.last = time;
    else client.spans.push({ first: time, last: time });
    this.#likely.add(client);
  }

  /** The times are in UTC. Those that concern no later line are then forgotten. */
  take(utc: (time: LogTime) => Seconds): WebClients {
    const likelyProxies: LikelyProxy[] = [];
    for (const client of this.#likely) {
      for (const { first, last } of client.spans) {
        likelyProxies.push({ prefix: client.prefix, first: utc(first), last: utc(last) });
      }
      client.spans = client.spans.filter((span) => this.#isNear(span));
      if (client.spans.length === 0) this.#likely.delete(client);
    }
    return { likelyProxies, services: this.#services };
  }

  /** Whether the latest request is within the window after it. */
  #isNear({ last }: Span): boolean {
    return this.#lastTime - last < this.#search.windowSeconds;
  }

  #clientAt(address: Address): Client {
    const isLast = this.#last !== undefined && compareAddresses(this.#last, address) === 0;
    if (isLast && this.#lastClient !== undefined) return this.#lastClient;
    const prefix = this.#search.prefixOf(address);
    const { family, a, b, c, d } = prefix;
    const key = family === 4 ? a : `${a} ${b} ${c} ${d}`;
    const client = this.#clients.get(key) ?? { ...newCount(), prefix, spans: [] };
    this.#clients.delete(key);
    this.#clients.set(key, client);
    for (const oldest of this.#clients.keys()) {
      if (this.#clients.size <= MAX_PREFIXES) break;
      this.#clients.delete(oldest);
    }
    this.#last = address;
    this.#lastClient = client;
    return client;
  }
}

/** Requests within the window that ends with the latest slot. */
interface Count {
  readonly slots: Uint32Array;
  slot: number;
  sum: number;
}

interface Client extends Count {
  readonly prefix: Prefix;
  /** When it may have been a proxy. */
  spans: Span[];
}

interface Span {
  readonly first: LogTime;
  last: LogTime;
}

function newCount(): Count {
  return { slots: new Uint32Array(SLOTS), slot: Number.NEGATIVE_INFINITY, sum: 0 };
}

/** Lines that are out of order count as the latest. */
function addTo(count: Count, slot: number): void {
  const { slots } = count;
  if (slot - count.slot >= SLOTS) {
    slots.fill(0);
    count.sum = 0;
    count.slot = slot;
  }
  while (count.slot < slot) {
    count.slot++;
    const at = indexOf(count.slot);
    count.sum -= slots[at] ?? 0;
    slots[at] = 0;
  }
  const at = indexOf(count.slot);
  slots[at] = (slots[at] ?? 0) + 1;
  count.sum++;
}

/** Known times are negative. */
function indexOf(slot: number): number {
  return ((slot % SLOTS) + SLOTS) % SLOTS;
}

/**
 * The services of web servers: those that write what was asked for, and those that share a program with
 * one, as the error log of nginx does.
 */
function webServices(scanners: readonly Scanner[]): ReadonlySet<string> {
  const web = scanners.filter(({ messages }) => messages.some(({ request }) => request === 'any'));
  const programs = new Set(web.flatMap((scanner) => scanner.programs));
  const sharing = scanners.filter((scanner) => scanner.programs.some((name) => programs.has(name)));
  return new Set(sharing.map(({ service }) => service));
}
