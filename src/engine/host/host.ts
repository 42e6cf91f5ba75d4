import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Finished, runProgram } from '../../process/run-program.ts';

const FILE_LIMIT_BYTES = 1024 * 1024;
const TIME_LIMIT_SECONDS = 60;

/** Files and programs of a machine, as setup and doctor see them. All paths are absolute. */
export class Host {
  readonly platform: NodeJS.Platform;
  readonly #root: string;

  /** @param root the folder in place of `/` */
  constructor(platform = process.platform, root = '/') {
    this.platform = platform;
    this.#root = root;
  }

  /** The path as the system calls it. */
  path(path: string): string {
    return join(this.#root, path);
  }

  exists(path: string): boolean {
    return existsSync(this.path(path));
  }

  isExecutable(path: string): boolean {
    try {
      accessSync(this.path(path), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  }

  /** The text of a file of at most 1 MiB; undefined if there is none, or it may not be read. */
  text(path: string): string | undefined {
    try {
      if (statSync(this.path(path)).size > FILE_LIMIT_BYTES) return undefined;
      return readFileSync(this.path(path), 'utf8');
    } catch {
      return undefined;
    }
  }

  /** The files in a folder, sorted; none if it cannot be read. */
  filesIn(folder: string): string[] {
    try {
      const names = readdirSync(this.path(folder), { withFileTypes: true });
      return names
        .filter((entry) => !entry.isDirectory())
        .map(({ name }) => join(folder, name))
        .toSorted();
    } catch {
      return [];
    }
  }

  /** Runs a program to its end. Throws ProgramError. */
  run(program: string, args: readonly string[]): Promise<Finished> {
    return runProgram(this.path(program), args, { timeLimitSeconds: TIME_LIMIT_SECONDS });
  }

  /** systemd is the init of this machine: sd_booted(3). */
  get hasSystemd(): boolean {
    return this.platform === 'linux' && this.exists('/run/systemd/system');
  }
}
