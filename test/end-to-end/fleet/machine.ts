import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readNftListing } from '../../../src/firewall/nft-listing.ts';
import { formatPrefix } from '../../../src/net/prefix-text.ts';
import type { Namespace } from '../../firewall/namespace.ts';
import { Running } from './running.ts';

const STATUS_PORT = 8091;
/** Below these points nobody is blocked. */
const ATTEMPTS = 3;

/** A machine of the fleet, with a firewall and a log of its own. */
export class Machine {
  readonly name: string;
  readonly address: string;
  readonly namespace: Namespace;
  readonly folder: string;
  readonly log: string;
  readonly #config: string;
  readonly #program: string;
  #listen: Running | undefined;
  #watch: Running | undefined;

  /** @param disk where it writes */
  constructor(name: string, address: string, namespace: Namespace, program: string, disk: string) {
    this.name = name;
    this.address = address;
    this.namespace = namespace;
    this.#program = program;
    this.folder = mkdtempSync(join(disk, `mcblock-fleet-${name}-`));
    this.log = join(this.folder, 'auth.log');
    this.#config = join(this.folder, 'mcblock.toml');
    writeFileSync(this.log, '');
  }

  configure(text: string): void {
    const status = `${this.address}:${STATUS_PORT}`;
    writeFileSync(
      this.#config,
      `${text}[listen]\nstatus = "${status}"\ncatch-up = "2s"\n[firewall]\nkind = "nft"\n`,
    );
  }

  get listen(): Running {
    if (this.#listen === undefined) throw new Error(`${this.name} does not listen`);
    return this.#listen;
  }

  get statusUrl(): string {
    return `http://${this.address}:${STATUS_PORT}/status.json`;
  }

  async startListening(): Promise<void> {
    this.#listen = this.#run('listen', '--as-root');
    await this.#listen.hasSaid('"event":"caught up"');
  }

  async killListening(): Promise<void> {
    await this.listen.end('SIGKILL');
  }

  /** Whether it knows that it is connected. */
  get isHearing(): boolean {
    return this.listen.last('connected', 'disconnected')?.includes('"connected"') === true;
  }

  async startWatching(): Promise<void> {
    this.#watch = this.#run('watch', '--apply', this.log);
    await this.#watch.hasSaid('watching');
  }

  /** Runs a command to its end, and gives what it wrote. */
  command(...argv: readonly string[]): string {
    const [program, ...args] = this.namespace.argv(...this.#argv(argv));
    return execFileSync(program, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** What sshd writes of as many attempts as it takes. */
  offence(address: string): string {
    const at = new Date().toISOString();
    return Array.from(
      { length: ATTEMPTS },
      (_, index) =>
        `${at} ${this.name} sshd[${index + 1}]: Failed password for root from ${address} port 4711 ssh2\n`,
    ).join('');
  }

  /** sshd writes that somebody offends. */
  offend(address: string): void {
    appendFileSync(this.log, this.offence(address));
  }

  /** What nftables holds, in order. */
  rules(): string[] {
    const listed = this.namespace.run('nft', '-j', 'list', 'ruleset');
    const rules = readNftListing(listed)?.rules;
    return rules === undefined ? [] : Array.from(rules, formatPrefix);
  }

  /** Of each entry that blocks: its prefix, and how often that began. */
  entries(): string[] {
    const entries = JSON.parse(this.command('--json', 'show')) as {
      readonly prefix: string;
      readonly activations: number;
    }[];
    return entries.map(({ prefix, activations }) => `${prefix} ${activations}`);
  }

  async killWatching(): Promise<void> {
    await this.#watch?.end('SIGKILL');
  }

  async remove(): Promise<void> {
    await this.#watch?.end('SIGKILL');
    await this.#listen?.end('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  #run(...argv: readonly string[]): Running {
    const [program, ...args] = this.#argv(argv);
    return new Running(this.namespace.argv(program, ...args));
  }

  #argv(argv: readonly string[]): [string, ...string[]] {
    const common = ['--db', join(this.folder, 'mcblock.db'), '--config', this.#config];
    return [process.execPath, this.#program, ...common, ...argv];
  }
}
