import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from './document.ts';

interface Example {
  readonly name: string;
  readonly code: string;
  readonly output: string;
}

const examples = examplesOf(readFileSync(join(ROOT, 'docs', 'library.md'), 'utf8'));
/** A project that has mcblock as a dependency. */
const project = mkdtempSync(join(tmpdir(), 'mcblock-library-'));

beforeAll(() => {
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(ROOT, join(project, 'node_modules', 'mcblock'));
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

describe('docs/library.md', () => {
  it('has an example for each module that the package exports', () => {
    const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const modules = Object.keys(exports).filter((path) => path !== './package.json');
    expect(examples.map(({ name }) => `./${name}`)).toEqual(modules);
  });

  it.each(examples)('shows what the example of $name prints', ({ name, code, output }) => {
    const folder = join(project, name);
    mkdirSync(folder);
    const attempts = [7, 8, 9].map(
      (second) =>
        `Mar 23 10:00:0${second} gw sshd[${second}]: Failed password for root from 5.149.104.9 port 47 ssh2\n`,
    );
    writeFileSync(join(folder, 'auth.log'), attempts.join(''));
    writeFileSync(join(folder, 'example.mjs'), code);
    const { stdout, stderr } = spawnSync(process.execPath, ['example.mjs'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect([stdout, stderr]).toEqual([output, '']);
  });

  it('has examples that the type declarations accept', () => {
    for (const { name, code } of examples) writeFileSync(join(project, `${name}.mts`), code);
    writeFileSync(
      join(project, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          module: 'nodenext',
          target: 'es2023',
          lib: ['es2023'],
          strict: true,
          exactOptionalPropertyTypes: true,
          noEmit: true,
          types: ['node'],
          typeRoots: [join(ROOT, 'node_modules', '@types')],
        },
        include: ['*.mts'],
      }),
    );
    const compiler = join(ROOT, 'node_modules', '.bin', 'tsc');
    const { stdout } = spawnSync(compiler, ['-p', project], { encoding: 'utf8' });
    expect(stdout).toBe('');
  });
});

/** Under each heading that has them: the code, and the block after it that shows the output. */
function examplesOf(text: string): Example[] {
  const sections = text.split(/^## /m).slice(1);
  return sections.map((section) => {
    const [, code = '', output = ''] =
      /^```js\n(.*?)^```$.*?^```\n(.*?)^```$/ms.exec(section) ?? [];
    return { name: section.split('\n', 1)[0] ?? '', code, output };
  });
}
