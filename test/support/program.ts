import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

const repository = join(import.meta.dirname, '..', '..');

/** The program as it stands in the sources, built for a child process of its own. */
export class Program {
  readonly #folder = mkdtempSync(join(tmpdir(), 'mcblock-program-'));
  readonly file = join(this.#folder, 'mcblock.cjs');
  readonly env = { ...process.env, NODE_PATH: join(repository, 'node_modules') };

  async build(): Promise<void> {
    await build({
      stdin: {
        contents: "import { start } from './src/cli/start.ts'; start();",
        resolveDir: repository,
      },
      outfile: this.file,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      external: ['better-sqlite3', 'chevrotain', 'unbzip2-stream'],
      // So that it finds what the project has built.
      define: { 'import.meta.url': JSON.stringify(join(repository, 'dist', 'whole.cjs')) },
      logLevel: 'error',
      plugins: [
        {
          name: 'grammars',
          setup: (bundler) =>
            bundler.onResolve({ filter: /^#grammars$/ }, () => ({
              path: join(repository, 'build', 'grammars.cjs'),
              external: true,
            })),
        },
      ],
    });
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
