import { createRequire } from 'node:module';
import { dirname } from 'node:path';

/** The folder of package.json and of what comes with it, in a clone as well as an installed program. */
export function programFolder(): string {
  return dirname(createRequire(import.meta.url).resolve('mcblock/package.json'));
}
