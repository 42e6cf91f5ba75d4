import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ownContent } from '../../src/log/own-file.ts';
import { loadScanners } from '../../src/log/scanners.ts';

const scanners = await loadScanners();
const SYSLOG = 'Nov 22 09:00:00 gw sshd[7]: Server listening on 0.0.0.0 port 22.\n';

async function ownerOf(log: string | Buffer) {
  const chunks = (async function* () {
    yield Buffer.from(log);
  })();
  const { service, isCertain } = await ownContent(chunks, scanners);
  return [service, isCertain];
}

it('is certain of the owner of a log where more lines cannot change it', async () => {
  const exim = readFileSync(
    new URL('../../fixtures/logs/exim-main.log', import.meta.url),
    'latin1',
  );
  expect(await ownerOf(SYSLOG)).toEqual([undefined, true]);
  expect(await ownerOf('')).toEqual([undefined, false]);
  expect(await ownerOf('something else\n')).toEqual([undefined, false]);
  expect(await ownerOf(exim)).toEqual(['exim', false]);
  expect(await ownerOf(exim.repeat(Math.ceil(65_536 / exim.length)))).toEqual(['exim', true]);
});
