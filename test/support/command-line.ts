import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bogonEntries } from '../../src/blocklist/bogons.ts';
import { main } from '../../src/cli/main.ts';
import type { Sink } from '../../src/cli/sink.ts';
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
  /** Whether commands find a store at their start. */
  hasStore = true;

  async run(...argv: string[]): Promise<Outcome> {
    const stdout = new Collected();
    const stderr = new Collected();
    const applies = argv.includes('--apply') || argv[0] === 'apply';
    if (
      this.config === undefined
        ? applies && !argv.includes('--help')
        : isFirewallGuessed(this.config)
    ) {
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
    });
    return { exitCode, stdout: stdout.text, stderr: stderr.text };
  }

  /** Runs it, expects it to succeed, and gives the JSON it writes. */
  async json<Value>(...argv: string[]): Promise<Value> {
    const { exitCode, stdout, stderr } = await this.run('--json', ...argv);
    if (exitCode !== 0) throw new Error(`${argv.join(' ')} failed: ${stderr}`);
    return JSON.parse(stdout) as Value;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** `auto` would be the firewall of this machine. */
function isFirewallGuessed(config: string): boolean {
  const text = readFileSync(config, 'utf8');
  return text.includes('firewall') && !/\bkind\s*=/.test(text);
}

class Collected implements Sink {
  readonly isTerminal = false;
  readonly columns = undefined;
  text = '';

  write(data: string | Uint8Array): void {
    this.text += typeof data === 'string' ? data : Buffer.from(data).toString();
  }
}
