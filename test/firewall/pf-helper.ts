import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from '../support/program.ts';
import type { PfMachine } from './pf-machine.ts';

/** What firewall.helper names: doas(1) and examples/mcblock-pf in one, for a pf that is a stand-in. */
export class PfHelper {
  readonly helper: string;

  constructor(machine: PfMachine, program: Program) {
    const config = join(machine.folder, 'root.toml');
    writeFileSync(config, `firewall.pfctl = "${machine.pfctl}"\n`);
    chmodSync(config, 0o644);
    this.helper = join(machine.folder, 'mcblock-pf');
    const modules = program.env.NODE_PATH;
    writeFileSync(
      this.helper,
      `#!/bin/sh\nNODE_PATH=${modules} exec ${process.execPath} ${program.file} --config ${config} --db ${machine.folder}/none.db pf "$@"\n`,
    );
    chmodSync(this.helper, 0o755);
  }
}
