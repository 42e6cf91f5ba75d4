import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { program } from '../support/program.ts';
import { until } from '../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcblock-shells-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Completes as the program does, and else prints how it was called.
writeFileSync(
  join(folder, 'mcblock'),
  `#!/bin/sh\n[ "$1" != completion ] || exec ${process.execPath} ${program} "$@"\necho "called: $*."\n`,
);
chmodSync(join(folder, 'mcblock'), 0o755);
writeFileSync(join(folder, 'auth.log.0'), '');

const ENV = {
  PATH: `${folder}:${process.env['PATH']}`,
  HOME: folder,
  TERM: 'dumb',
  LANG: 'C.UTF-8',
};

const SHELLS = [
  ['bash', 'bash --norc --noprofile -i', 'source <(mcblock completion bash)'],
  ['zsh', 'zsh -f -i', 'autoload -U compinit; compinit -u; source <(mcblock completion zsh)'],
  ['fish', 'fish --no-config -i', 'mcblock completion fish | source'],
] as const;

describe.each(SHELLS)('the completion of %s', (name, command, start) => {
  it.skipIf(!existsSync(`/usr/bin/${name}`) && !existsSync(`/bin/${name}`))(
    'completes commands, options, their values and files',
    async () => {
      const shell = new Terminal(command);
      try {
        shell.type(`${start}; echo rea""dy\n`);
        await shell.shows('ready');
        shell.type('mcblock gro\t\n');
        await shell.shows('called: grok.');
        shell.type('mcblock show --expi\t\n');
        await shell.shows('called: show --expired.');
        shell.type('mcblock show --sort hi\t\n');
        await shell.shows('called: show --sort hits.');
        shell.type('mcblock user pass\t\n');
        await shell.shows('called: user passwd.');
        shell.type('mcblock grok auth\t\n');
        await shell.shows('called: grok auth.log.0.');
      } finally {
        shell.close();
      }
    },
  );
});

describe.each(['ksh', 'mksh'])('the completion of ksh, read by %s', (name) => {
  // Neither completes by it: that is what the ksh of OpenBSD does.
  it.skipIf(!existsSync(`/usr/bin/${name}`))('is an array of commands', () => {
    const script = 'eval "$(mcblock completion ksh)"; print ${complete_mcblock_1[*]}';
    const printed = execFileSync(name, ['-c', script], { env: ENV, encoding: 'utf8' });
    expect(printed.split(' ')).toEqual(expect.arrayContaining(['grok', 'watch', 'show']));
  });
});

/** An interactive shell at a terminal of script(1). */
class Terminal {
  readonly #process: ChildProcess;
  #output = '';

  constructor(command: string) {
    this.#process = spawn('script', ['-qfec', command, '/dev/null'], {
      cwd: folder,
      env: ENV,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#process.stdout?.on('data', (data: Buffer) => {
      this.#output += data.toString();
    });
  }

  type(text: string): void {
    this.#process.stdin?.write(text);
  }

  /** Waits for the text at the beginning of a line, and forgets what was before. */
  async shows(text: string): Promise<void> {
    await until(() => this.#output.includes(`\n${text}`));
    this.#output = this.#output.slice(this.#output.indexOf(`\n${text}`) + text.length);
  }

  close(): void {
    if (this.#process.pid !== undefined) this.#process.kill();
  }
}
