import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signal } from '../../src/process/program.ts';
import type { Namespace } from '../firewall/namespace.ts';
import type { Outcome } from './command-line.ts';
import { program } from './program.ts';

/** Changes to these folders stay in the machine. */
const FOLDERS = ['etc', 'usr', 'var'];
const SYSTEMCTL = join(import.meta.dirname, 'systemctl-stand-in.mjs');

/**
 * A Linux machine with systemd, as setup sees it: a network namespace, and a mount namespace in which
 * what is written to /etc, /usr and /var goes to a scratch folder. mcblock is installed in
 * /usr/local/bin, and systemctl is a stand-in. Its log folder is empty.
 */
export class Machine {
  /** A folder that the machine has in common with this one. */
  readonly shared = mkdtempSync(join(tmpdir(), 'mcblock-shared-'));
  readonly #folder = mkdtempSync(join(tmpdir(), 'mcblock-machine-'));
  readonly #holder: ChildProcess;
  #pid = 0;

  /** @param namespace its network */
  constructor(namespace: Namespace) {
    chmodSync(this.#folder, 0o755);
    const script = [
      'set -e',
      `mount -t tmpfs -o mode=0755 none ${this.#folder}`,
      ...FOLDERS.flatMap((name) => [
        `mkdir -p ${this.#folder}/${name} ${this.#folder}/work-${name}`,
        `mount -t overlay overlay -o lowerdir=/${name},upperdir=${this.#folder}/${name},workdir=${this.#folder}/work-${name} /${name}`,
      ]),
      'mount -t tmpfs -o mode=0755 none /run',
      'mount -t tmpfs -o mode=0755 none /var/log',
      'mkdir -p /run/systemd/system',
      `ln -sf ${program} /usr/local/bin/mcblock`,
      // Its native module is for this Node.
      `[ ${process.execPath} -ef /usr/local/bin/node ] || ln -sf ${process.execPath} /usr/local/bin/node`,
      `rm -f /usr/bin/systemctl && cp ${SYSTEMCTL} /usr/bin/systemctl && chmod 755 /usr/bin/systemctl`,
      'echo ready',
      'exec sleep 600',
    ];
    const [ip, ...args] = namespace.argv(
      'unshare',
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-c',
      script.join('\n'),
    );
    this.#holder = spawn(ip, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  }

  async ready(): Promise<this> {
    const { stdout, pid } = this.#holder;
    if (stdout === null || pid === undefined) throw new Error('the machine did not start');
    const [data] = (await once(stdout, 'data')) as [Buffer];
    if (data.toString() !== 'ready\n') throw new Error(`the machine is not ready: ${data}`);
    // ip(8) and unshare(1) run the shell in their own process, and so does exec.
    this.#pid = pid;
    return this;
  }

  /** Runs a program to its end. */
  run(...command: readonly string[]): Outcome {
    return this.runWith({}, ...command);
  }

  runWith(
    { env = {}, input = '' }: { env?: NodeJS.ProcessEnv; input?: string },
    ...command: readonly string[]
  ): Outcome {
    const args = ['--target', String(this.#pid), '--mount', '--net', '--', ...command];
    const { status, stdout, stderr, error } = spawnSync('nsenter', args, {
      encoding: 'utf8',
      input,
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin', ...env },
    });
    if (error !== undefined) throw error;
    return { exitCode: status ?? 1, stdout, stderr };
  }

  /** The standard output of a program that succeeds. */
  output(...command: readonly string[]): string {
    const { exitCode, stdout, stderr } = this.run(...command);
    if (exitCode !== 0) throw new Error(`${command.join(' ')}: ${stderr}${stdout}`);
    return stdout;
  }

  /** Appends to a file. */
  append(path: string, text: string): void {
    this.runWith({ input: text }, 'tee', '-a', path);
  }

  remove(): void {
    this.run('systemctl', 'stop', 'mcblock-watch.service');
    signal(this.#holder, 'SIGKILL');
    for (const folder of [this.shared, this.#folder]) {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
