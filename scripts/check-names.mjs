// A class, type or function has one name in the tree, and a name means one of them: no name is exported
// by two files. Every command exports `define`.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const EXPORT =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:class|interface|type|function\*?|const) (\w+)/gm;

const filesByName = new Map();
for (const file of ['src', 'grammar'].flatMap(filesIn)) {
  const names = Array.from(
    readFileSync(join(root, file), 'utf8').matchAll(EXPORT),
    ([, name]) => name,
  );
  for (const name of new Set(names)) {
    filesByName.set(name, [...(filesByName.get(name) ?? []), file]);
  }
}
filesByName.delete('define');

for (const [name, files] of filesByName) {
  if (files.length === 1) continue;
  process.stderr.write(`${name} is exported by ${files.join(' and ')}\n`);
  process.exitCode = 1;
}

function filesIn(folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /(?<!\.d)\.ts$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}
