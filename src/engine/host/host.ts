import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { errorOf } from '../../errors.ts';
import { writeFileWhole } from '../../firewall/atomic-file.ts';
import { type Finished, runProgram } from '../../process/run-program.ts';

const FILE_LIMIT_BYTES = 1024 * 1024;
const TIME_LIMIT_SECONDS = 60;

/** The files and programs of a machine, for setup and doctor. All paths are absolute. */
export class Host {
  readonly platform: NodeJS.Platform;
  readonly #root: string;

  /** @param root the folder in place of `/` */
  constructor(platform = process.platform, root = '/') {
    this.platform = platform;
    this.#root = root;
  }

  /** The path below the root folder. */
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

  /** The text of a file of at most 1 MiB; undefined if there is none or it cannot be read. */
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

  /** Copies a file atomically, with its mode. Throws McblockError('file'). */
  copy(path: string, copy: string): void {
    const temporary = `${this.path(copy)}.tmp`;
    try {
      copyFileSync(this.path(path), temporary);
      renameSync(temporary, this.path(copy));
    } catch (cause) {
      throw errorOf('file', copy, cause);
    }
  }

  /**
   * Writes a file atomically, and creates the folders above it. An existing file keeps its owner and,
   * unless one is given, its mode. Throws McblockError('file').
   */
  write(path: string, text: string, mode?: number): void {
    try {
      mkdirSync(dirname(this.path(path)), { recursive: true, mode: 0o755 });
    } catch (cause) {
      throw errorOf('file', dirname(path), cause);
    }
    writeFileWhole(this.path(path), [Buffer.from(text)], mode);
  }

  /** Removes a file, and its folder of drop-ins if that is empty then. Throws McblockError('file'). */
  remove(path: string): void {
    try {
      rmSync(this.path(path));
      const folder = this.path(dirname(path));
      if (folder.endsWith('.service.d') && readdirSync(folder).length === 0) rmdirSync(folder);
    } catch (cause) {
      throw errorOf('file', path, cause);
    }
  }

  /** Runs a program to its end. Throws ProgramError. */
  run(program: string, args: readonly string[]): Promise<Finished> {
    return runProgram(this.path(program), args, { timeLimitSeconds: TIME_LIMIT_SECONDS });
  }

  /** Whether systemd is the init of this machine: sd_booted(3). */
  get hasSystemd(): boolean {
    return this.platform === 'linux' && this.exists('/run/systemd/system');
  }
}
