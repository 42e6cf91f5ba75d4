import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { signal } from '../../src/process/program.ts';
import { Namespace } from './namespace.ts';

const TRAFFIC = join(import.meta.dirname, 'traffic.mjs');

/** A program that runs in a namespace until it is told to end. */
class Running {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  constructor(namespace: Namespace, args: readonly string[]) {
    const [program, ...rest] = namespace.argv(process.execPath, TRAFFIC, ...args);
    this.#child = spawn(program, rest, { stdio: 'pipe' });
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  async ready(): Promise<this> {
    const { value } = await this.#lines.next();
    if (value !== 'ready') throw new Error(`it is not ready: ${value}`);
    return this;
  }

  /** Its last word, if it has one. */
  async end(): Promise<string | undefined> {
    const closed = once(this.#child, 'close');
    this.#child.stdin.end();
    const { value } = (await this.#lines.next()) as IteratorResult<string, undefined>;
    await closed;
    return value;
  }

  kill(): void {
    signal(this.#child, 'SIGKILL');
  }
}

/** One of the hosts that are attacked: a namespace with one cable to the outside. */
class Host {
  readonly namespace: Namespace;
  readonly address4: string;
  readonly address6: string;

  constructor(namespace: Namespace, address4: string, address6: string) {
    this.namespace = namespace;
    this.address4 = address4;
    this.address6 = address6;
  }

  /** Counts packets of these sources as they arrive, and those that get through to the host. */
  count(sources: readonly string[]): void {
    const rules = sources
      .map((source) => `${source.includes(':') ? 'ip6' : 'ip'} saddr ${source} counter`)
      .join('; ');
    this.namespace.nftables(`
table inet count {
  chain arrived { type filter hook prerouting priority raw; ${rules}; }
  chain through { type filter hook input priority 0; ${rules}; }
}`);
  }

  counted(chain: 'arrived' | 'through', source: string): number {
    const listed = this.namespace.run('nft', 'list', 'chain', 'inet', 'count', chain);
    const line = listed.split('\n').find((text) => text.includes(` saddr ${source} `));
    return Number(/packets (\d+)/.exec(line ?? '')?.[1] ?? Number.NaN);
  }
}

/** The Internet, which has all the addresses that attack, and hosts on cables to it. */
export class Network {
  readonly outside = new Namespace();
  readonly hosts: readonly Host[];
  readonly #running: Running[] = [];

  constructor(addresses: readonly string[], hosts: number) {
    for (const address of addresses) this.outside.ip(`addr add ${address} dev lo nodad`);
    this.hosts = Array.from({ length: hosts }, (_, index) => this.#host(index + 1));
  }

  /** Whether TCP from this address is answered by that one. */
  async isOpen(from: string, to: string): Promise<boolean> {
    const probe = new Running(this.outside, ['probe', from, to]);
    this.#running.push(probe);
    const state = await probe.end();
    if (state !== 'open' && state !== 'closed') throw new Error(`${from} to ${to}: ${state}`);
    return state === 'open';
  }

  async serve(host: Host): Promise<void> {
    await this.#start(host.namespace, 'serve');
  }

  /** A connection whose end says "held" if every answer came. */
  hold(from: string, to: string): Promise<Running> {
    return this.#start(this.outside, 'hold', from, to);
  }

  flood(to: Host, sources: readonly string[]): Promise<Running> {
    const pairs = sources.map(
      (from) => `${from.includes(':') ? to.address6 : to.address4},${from}`,
    );
    return this.#start(this.outside, 'flood', ...pairs);
  }

  remove(): void {
    for (const running of this.#running) running.kill();
    for (const { namespace } of this.hosts) namespace.remove();
    this.outside.remove();
  }

  #start(namespace: Namespace, ...args: readonly string[]): Promise<Running> {
    const running = new Running(namespace, args);
    this.#running.push(running);
    return running.ready();
  }

  #host(index: number): Host {
    const namespace = new Namespace();
    const inside = `h${index}`;
    this.outside.ip(`link add a${index} type veth peer name ${inside} netns ${namespace.name}`);
    const base = index * 4;
    const address4 = `198.51.100.${base + 2}`;
    const address6 = `2001:db8:${index}::2`;
    this.outside.ip(`addr add 198.51.100.${base + 1}/30 dev a${index}`);
    this.outside.ip(`addr add 2001:db8:${index}::1/64 dev a${index} nodad`);
    this.outside.ip(`link set a${index} up`);
    namespace.ip(`addr add ${address4}/30 dev ${inside}`);
    namespace.ip(`addr add ${address6}/64 dev ${inside} nodad`);
    namespace.ip(`link set ${inside} up`);
    namespace.ip(`route add default via 198.51.100.${base + 1}`);
    namespace.ip(`-6 route add default via 2001:db8:${index}::1`);
    return new Host(namespace, address4, address6);
  }
}
