import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bogonEntries } from '../../src/blocklist/bogons.ts';
import { main } from '../../src/cli/main.ts';
import type { Sink } from '../../src/cli/sink.ts';
import type { Host } from '../../src/engine/host/host.ts';
import { openStore } from '../../src/store/store.ts';

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder for a store, and the command line run on that store in this process. */
export class CommandLine {
  readonly folder = mkdtempSync(join(tmpdir(), 'mcblock-test-'));
  readonly db = join(this.folder, 'mcblock.db');
  now = '2026-01-01T00:00:00Z';
  env: NodeJS.ProcessEnv = {};
  /** The configuration file; without one the defaults. */
  config: string | undefined;
  /** The columns of the terminal that stdout and stderr are; undefined: they are pipes. */
  columns: number | undefined;
  /** Whether commands find a store at their start. */
  hasStore = true;
  /** The machine that doctor and setup see; without one this machine. */
  host: Host | undefined;
  isClockSynchronised = true;

  async run(...argv: string[]): Promise<Outcome> {
    const stdout = new Collected(this.columns);
    const stderr = new Collected(this.columns);
    const text = this.config === undefined ? '' : readFileSync(this.config, 'utf8');
    const isNamed = /\bkind\s*=/.test(text);
    const isHelp = argv.includes('--help') || argv[0] === 'help';
    const applies = argv.includes('apply') || argv.includes('--apply');
    if (!isNamed && !isHelp && (applies || text.includes('firewall'))) {
      throw new Error(
        'a test never touches the firewall of this machine: say which kind it is for',
      );
    }
    if (this.hasStore && !existsSync(this.db)) {
      openStore(this.db, { mode: 'write', seed: bogonEntries }).close();
    }
    const common = ['--db', this.db, '--now', this.now];
    if (this.config !== undefined) common.push('--config', this.config);
    const exitCode = await main([...common, ...argv], {
      stdout,
      stderr,
      env: this.env,
      version: '0.0.0-test',
      clock: () => Math.floor(Date.now() / 1000),
      isClockSynchronised: async () => this.isClockSynchronised,
      ...(this.host && { host: this.host }),
      // The clone may lie in a folder that only root may enter.
      programFile: '/etc/passwd',
    });
    return { exitCode, stdout: stdout.text, stderr: stderr.text };
  }

  /** Runs it, expects it to succeed, and gives the JSON it writes. */
  async json<Value>(...argv: string[]): Promise<Value> {
    return JSON.parse(await ok(this, '--json', ...argv)) as Value;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Runs it, expects it to succeed, and gives what it writes. */
export async function ok(line: CommandLine, ...argv: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await line.run(...argv);
  if (exitCode !== 0) throw new Error(`${argv.join(' ')} failed: ${stderr}`);
  return stdout;
}

class Collected implements Sink {
  readonly isTerminal: boolean;
  readonly columns: number | undefined;
  text = '';

  constructor(columns: number | undefined) {
    this.isTerminal = columns !== undefined;
    this.columns = columns;
  }

  write(data: string | Uint8Array): void {
    this.text += typeof data === 'string' ? data : Buffer.from(data).toString();
  }
}
