import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

interface PfState {
  tables: Record<string, string[]>;
  limit: number;
  maxCount: number;
  tooMany: string;
  fault?: 'busy' | 'permission' | 'missing' | 'half' | 'hang' | 'garbage' | undefined;
  calls: string[][];
  isEnabled: boolean;
  rules: string[];
}

const BLOCK = 'block drop in quick on em0 from <mcblock> to any';

const STAND_IN = 'pfctl-stand-in.mjs';

/** A machine with pf: its pfctl is the stand-in, its tables lie in a file. */
export class PfMachine {
  readonly folder = mkdtempSync(join(tmpdir(), 'mcblock-pf-'));
  readonly pfctl = join(this.folder, 'pfctl');
  /** Knows net.pf.request_maxcount only. */
  readonly sysctl = join(this.folder, 'sysctl');
  readonly #file = join(this.folder, 'state.json');

  constructor() {
    this.write({
      tables: {},
      limit: 200_000,
      maxCount: 65_535,
      tooMany: 'pfctl: Invalid argument.',
      calls: [],
      isEnabled: true,
      rules: [BLOCK],
    });
    // A copy, as other users run it too, who may not read the checkout.
    const standIn = join(this.folder, STAND_IN);
    copyFileSync(join(import.meta.dirname, STAND_IN), standIn);
    writeFileSync(
      this.pfctl,
      `#!${process.execPath}\nprocess.env.PF_STATE = ${JSON.stringify(this.#file)};\nimport(${JSON.stringify(pathToFileURL(standIn).href)});\n`,
    );
    writeFileSync(
      this.sysctl,
      `#!/bin/sh\n[ "$*" = "-n net.pf.request_maxcount" ] && sed 's/.*"maxCount":\\([0-9]*\\).*/\\1/' ${this.#file}\n`,
    );
    chmodSync(this.pfctl, 0o755);
    chmodSync(this.sysctl, 0o755);
  }

  get state(): PfState {
    return JSON.parse(readFileSync(this.#file, 'utf8')) as PfState;
  }

  write(state: PfState): void {
    writeFileSync(`${this.#file}.new`, JSON.stringify(state));
    renameSync(`${this.#file}.new`, this.#file);
  }

  set(changes: Partial<PfState>): void {
    this.write({ ...this.state, ...changes });
  }

  /** What was asked since this was last called, each as one line. */
  calls(): string[] {
    const { calls } = this.state;
    this.set({ calls: [] });
    return calls.map((args) => args.join(' '));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
