import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readOffences } from '../../../src/log/read-offences.ts';
import { loadScanners } from '../../../src/log/scanners.ts';
import { prefixAround } from '../../../src/net/prefix.ts';
import { sourceOf } from '../lines-of.ts';

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

interface SampleRequest {
  readonly path: string;
  readonly second?: number;
  readonly status?: number;
  readonly address?: string;
}

function lineOf({ path, second = 0, status = 404, address = '192.0.2.7' }: SampleRequest): string {
  const time = new Date(Date.UTC(2026, 10, 22, 10, 0, second)).toISOString();
  return `${address} - - [22/Nov/2026:${time.slice(11, 19)} +0000] "GET ${path} HTTP/1.1" ${status} 153 "-" "x"\n`;
}

/** The messages that count and their points. */
async function countedOf(
  requests: readonly SampleRequest[],
  lists: Readonly<Record<string, string>> = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'mcblock-requests-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(lists)) writeFileSync(join(folder, name), text);
  const scanners = await loadScanners(folder);
  const content = requests.map(lineOf).join('');
  const summary = await readOffences(sourceOf(content, Date.UTC(2026, 10, 23) / 1000), {
    scanners,
    zone: 'UTC',
    points: new Map(),
    service: 'http-access',
    known: () => [],
  });
  const groups = [...summary.groups((address) => prefixAround(address, 0))];
  return groups.flatMap(({ offences }) =>
    Array.from(offences, ({ points, kind }) => `${kind.message} ${points}`),
  );
}

/** Different paths that are not listed. */
const missing = (count: number, from = 0): SampleRequest[] =>
  Array.from({ length: count }, (_, index) => ({
    path: `/page-${from + index}`,
    second: index % 50,
  }));

/** More than needed: two paths may share a bit. */
const LISTED: readonly SampleRequest[] = [
  '/.env',
  '/.git/config',
  '/phpinfo.php',
  '/.aws/credentials',
  '/id_rsa',
].map((path) => ({ path }));

describe('requests for what is listed', () => {
  it('count once for each path and client, until an hour after the last', async () => {
    const again = [0, 1, 2, 3000, 6000].map((second) => ({ path: '/.env', second }));
    const other = { path: '/.env', second: 6001, address: '192.0.2.8' };
    const late = { path: '/.env', second: 9700 };
    expect(await countedOf([...again, other, late])).toEqual(['probe 2', 'probe 2', 'probe 2']);
  });

  it('count for each of many paths', async () => {
    expect(await countedOf([...LISTED, { path: '/.env?x' }])).toEqual(LISTED.map(() => 'probe 2'));
  });
});

describe('many different paths that are refused', () => {
  it('count once more where some of them are listed', async () => {
    const counted = await countedOf([...LISTED, ...missing(60)]);
    expect(counted).toEqual([...LISTED.map(() => 'probe 2'), 'scan 10']);
  });

  it('count nothing where none is listed, as with a crawler or a broken page', async () => {
    expect(await countedOf(missing(1000))).toEqual([]);
  });

  it.each([
    ['a client that asks for few', missing(12)],
    ['a client that asks for the same ones', Array.from({ length: 90 }, () => missing(12)).flat()],
    ['one that takes its time', missing(60).map((one, index) => ({ ...one, second: index * 10 }))],
    ['parts of pages', missing(60).map((one) => ({ ...one, path: `${one.path}.png` }))],
    ['others', missing(60).map((one) => ({ ...one, address: '192.0.2.8' }))],
    ['paths that are there', missing(60).map((one) => ({ ...one, status: 200 }))],
  ])('are not %s', async (_, requests) => {
    const sorted = [...LISTED, ...requests].toSorted((p, q) => (p.second ?? 0) - (q.second ?? 0));
    expect(await countedOf(sorted)).toEqual(LISTED.map(() => 'probe 2'));
  });
});

describe("a list of one's own", () => {
  const asked = [{ path: '/own' }, { path: '/.env' }];

  it('comes before the shipped one', async () => {
    const lists = { 'my.requests': 'own sign 7 path\n  /own\nnone note path\n  /.env\n' };
    expect(await countedOf(asked, lists)).toEqual(['own 7']);
  });

  it('replaces the shipped one if it has its name, even if it is empty', async () => {
    expect(await countedOf(asked, { 'web.requests': '' })).toEqual([]);
  });

  it('is named with its line if it is wrong', async () => {
    await expect(countedOf(asked, { 'my.requests': 'own sign 7\n' })).rejects.toThrow(
      /my\.requests:1: expected NAME/,
    );
  });
});
