// What the programs here need of the servers that they start.
import { readFileSync } from 'node:fs';
import { load } from './load.mjs';

export const { freePort, until } = await load(
  `export { freePort } from './test/support/free-port.ts';
export { until } from './test/support/until.ts';`,
);

/** Waits until a server answers. */
export function answering(url) {
  return until(() =>
    fetch(url).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
}

/** Seconds of CPU that a process has used (proc(5): utime and stime, in hundredths). */
export function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
