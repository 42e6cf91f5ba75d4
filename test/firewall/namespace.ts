import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const IP = ['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip'].find((path) => existsSync(path)) ?? 'ip';
const NFT = ['/usr/sbin/nft', '/sbin/nft'].find((path) => existsSync(path)) ?? 'nft';

let count = 0;

/** A network namespace with nothing in it but a loopback interface; made here, and removed. */
export class Namespace {
  readonly name = `mcblock-${process.pid}-${count++}`;
  readonly #folder = mkdtempSync(join(tmpdir(), 'mcblock-netns-'));
  /** An nft(8) that works in this namespace. */
  readonly nft = join(this.#folder, 'nft');

  constructor() {
    run(IP, 'netns', 'add', this.name);
    this.run(IP, 'link', 'set', 'lo', 'up');
    writeFileSync(this.nft, `#!/bin/sh\nexec ${IP} netns exec ${this.name} ${NFT} "$@"\n`);
    chmodSync(this.nft, 0o755);
  }

  /** The command line that runs a program in here. */
  argv(...command: readonly string[]): [string, ...string[]] {
    return [IP, 'netns', 'exec', this.name, ...command];
  }

  /** Runs a program in here, and gives what it writes. */
  run(...command: readonly string[]): string {
    return run(...this.argv(...command));
  }

  /** The numbers of the processes in here. */
  get processes(): number[] {
    return run(IP, 'netns', 'pids', this.name).split(/\s+/).filter(Boolean).map(Number);
  }

  /** `ip` in here. */
  ip(words: string): string {
    return this.run(IP, ...words.split(' '));
  }

  /** A script for `nft -f`. */
  nftables(script: string): void {
    const [program, ...args] = this.argv(NFT, '-f', '-');
    const { status, stderr } = spawnSync(program, args, { input: script, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  }

  remove(): void {
    run(IP, 'netns', 'del', this.name);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Why there can be no namespace with nftables here; undefined where there can. */
export const NO_NAMESPACES = whyNot();

function whyNot(): string | undefined {
  if (process.platform !== 'linux') return 'nftables is Linux only';
  if (process.getuid?.() !== 0) return 'needs root, to make network namespaces';
  if (!existsSync(IP)) return 'needs ip (Debian package iproute2)';
  if (!existsSync(NFT)) return 'needs nft (Debian package nftables)';
  try {
    const namespace = new Namespace();
    try {
      namespace.nftables('table inet probe { chain c { ct direction reply accept; }; }');
    } finally {
      namespace.remove();
    }
    return undefined;
  } catch (error) {
    return `no network namespaces with nftables: ${String(error).split('\n')[0]}`;
  }
}

function run(...command: readonly string[]): string {
  const [program = '', ...args] = command;
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`${command.join(' ')}: ${error?.message ?? stderr}`);
  return stdout;
}
