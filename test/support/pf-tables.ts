import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A pfctl that knows `-s Tables`, `-t T -T show` and `-t T -T expire N` and nothing else. Its tables
 * lie in a file; nothing in them is ever old enough to expire.
 */
export class PfTables {
  readonly pfctl: string;
  readonly #state: string;
  readonly #calls: string;

  constructor(folder: string) {
    this.pfctl = join(folder, 'pfctl');
    this.#state = join(folder, 'pf-tables.json');
    this.#calls = join(folder, 'pf-calls');
    writeFileSync(this.#calls, '');
    this.hold({});
    writeFileSync(this.pfctl, scriptOf(this.#state, this.#calls));
    chmodSync(this.pfctl, 0o755);
  }

  hold(tables: Readonly<Record<string, readonly string[]>>): void {
    writeFileSync(this.#state, JSON.stringify(tables));
  }

  /** Each call as one line. */
  calls(): string[] {
    return readFileSync(this.#calls, 'utf8').split('\n').slice(0, -1);
  }
}

function scriptOf(state: string, calls: string): string {
  return `#!${process.execPath}
const { appendFileSync, readFileSync } = require('node:fs');
const args = process.argv.slice(2);
appendFileSync(${JSON.stringify(calls)}, args.join(' ') + '\\n');
const tables = JSON.parse(readFileSync(${JSON.stringify(state)}, 'utf8'));
const [, name, , command] = args;
if (args.join(' ') === '-s Tables') console.log(Object.keys(tables).join('\\n'));
else if (!tables[name]) { console.error('pfctl: Table does not exist'); process.exitCode = 255; }
else if (command === 'show') for (const one of tables[name]) console.log('   ' + one);
else if (command === 'expire') console.error('0/' + tables[name].length + ' addresses expired.');
else process.exitCode = 1;
`;
}
