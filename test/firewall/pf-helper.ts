import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { program } from '../support/program.ts';
import type { PfMachine } from './pf-machine.ts';

/** What firewall.helper names: doas(1) and mcblock-pf in one, for a pf that is a stand-in. */
export class PfHelper {
  readonly helper: string;

  constructor(machine: PfMachine) {
    const config = join(machine.folder, 'root.toml');
    writeFileSync(config, `firewall.pfctl = "${machine.pfctl}"\n`);
    chmodSync(config, 0o644);
    this.helper = join(machine.folder, 'mcblock-pf');
    writeFileSync(
      this.helper,
      `#!/bin/sh\nexec ${process.execPath} ${program} --config ${config} --db ${machine.folder}/none.db pf "$@"\n`,
    );
    chmodSync(this.helper, 0o755);
  }
}
