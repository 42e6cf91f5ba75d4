// Before any test: builds what changed since the last build and installs it, and prints the seed of
// all random choices.
import { randomInt } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from '../../scripts/build.mjs';
import { copyInto, install } from './install.mjs';

export default async function setup(project) {
  project.provide('seed', seed());
  await build();
  project.onTestsRerun(build);
  if (project.name !== 'system') return undefined;
  const folder = install();
  project.onTestsRerun(() => copyInto(folder));
  project.provide('program', join(folder, 'bin', 'mcblock.js'));
  return () => rmSync(folder, { recursive: true, force: true });
}

/** The same for all projects of a run. */
function seed() {
  const { MCBLOCK_TEST_SEED: given } = process.env;
  if (given === undefined) process.env.MCBLOCK_TEST_SEED = String(randomInt(2 ** 31));
  const number = Number(process.env.MCBLOCK_TEST_SEED);
  if (!Number.isInteger(number)) throw new Error(`MCBLOCK_TEST_SEED is not an integer: ${given}`);
  if (given === undefined) process.stderr.write(`random seed: MCBLOCK_TEST_SEED=${number}\n`);
  return number;
}
