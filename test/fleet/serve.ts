import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { program } from '../support/program.ts';

/** The server as a process of its own. */
export interface Serving {
  readonly process: ChildProcess;
  /** http://127.0.0.1:PORT */
  readonly origin: string;
  /** What it has logged. */
  readonly lines: readonly string[];
  readonly ended: Promise<unknown>;
}

/** Starts it on a free port of this host. */
export async function serve(...argv: string[]): Promise<Serving> {
  const child = spawn(process.execPath, [program, 'serve', '--listen', '127.0.0.1:0', ...argv], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'close');
  const lines: string[] = [];
  const origin = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line);
      if (line.includes('"event":"listening"')) resolve((JSON.parse(line) as { at: string }).at);
    });
    child.on('close', () => reject(new Error(`the server ended: ${lines.join('\n')}`)));
  });
  return { process: child, origin: await origin, lines, ended };
}

export function addUser(db: string, name: string, password: string, ...more: string[]) {
  const argv = [program, 'user', 'add', name, '--db', db, '--password-stdin', ...more];
  const { status, stderr } = spawnSync(process.execPath, argv, {
    input: `${password}\n`,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
}
