import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { paletteOf } from '../../src/engine/map-image.ts';
import { cellOf } from '../../src/net/hilbert.ts';
import { BROWSER_MISSING, Browser } from '../fleet/pubsub/browser.ts';
import { CommandLine } from '../support/command-line.ts';
import { until } from '../support/until.ts';

const OFFSETS = { '5.149': (5 << 8) | 149, '45.1': (45 << 8) | 1, '200.0': 200 << 8 };

let line: CommandLine;
beforeEach(async () => {
  line = new CommandLine();
  await line.run('add', '5.149/16', '45.1.1/24', '2001:67c::/32');
});
afterEach(() => line.remove());

describe('map', () => {
  it('draws the whole space in characters, with what it shows in words', async () => {
    const lines = (await line.run('map')).stdout.split('\n');
    expect(lines.length).toBe(32 + 3 + 1);
    const [x, y] = placeOf(OFFSETS['5.149'], 64);
    expect(lines[y >> 1]?.[x]).toBe('@');
    expect(lines.slice(0, 32).join('').replaceAll(' ', '').length).toBe(2);
    expect(lines[33]).toBe('0.0.0.0/0: of 65,536 /16, 2 are blocked in part, 1 of them wholly.');
  });

  it('draws one prefix', async () => {
    const { stdout } = await line.run('map', '45.1/16');
    expect(stdout).toContain(
      '45.1.0.0/16: of 65,536 /32, 256 are blocked in part, 256 of them wholly.',
    );
    expect((await line.run('map', '45.1.1.7')).stdout).toMatch(/^@\n/);
  });

  it('has colours on a terminal, and fits it', async () => {
    line.columns = 80;
    line.env = { LANG: 'C.UTF-8', TERM: 'xterm-256color' };
    const { stdout } = await line.run('map');
    expect(stdout).toContain('\x1b[48;5;');
    const rows = stripVTControlCharacters(stdout).split('\n');
    expect(rows[0]).toBe('▀'.repeat(64));
    expect(Math.max(...rows.map((row) => row.length))).toBeLessThanOrEqual(80);
    const plain = await line.run('--no-color', 'map');
    expect(plain.stdout).not.toContain('\x1b');
    line.env = { ...line.env, COLORTERM: 'truecolor' };
    expect((await line.run('map')).stdout).toContain('\x1b[48;2;');
  });

  it('writes rows of levels as JSON', async () => {
    const { prefix, cellLength, rows } = await line.json<{
      prefix: string;
      cellLength: number;
      rows: string[];
    }>('map');
    expect([prefix, cellLength, rows.length]).toEqual(['0.0.0.0/0', 16, 256]);
    const [x, y] = placeOf(OFFSETS['45.1'], 256);
    expect(rows[y]?.[x]).toBe('5');
  });

  it.each([
    [['2001:db8::/32'], 'the map shows IPv4 only'],
    [['--output', 'map.gif'], 'the name must end in .png or .svg'],
    [['5.149.104.1/24'], '5.149.104.0/24'],
  ])('refuses %j', async (argv, message) => {
    expect(await line.run('map', ...argv)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(message),
    });
  });
});

describe.skipIf(BROWSER_MISSING)(`images (${BROWSER_MISSING ?? 'in Chromium'})`, () => {
  it.each([
    ['png', 'image/png'],
    ['svg', 'image/svg+xml'],
  ])('in %s show each level in the colours of the page', async (kind, type) => {
    const file = line.path(`map.${kind}`);
    expect((await line.run('map', '--output', file)).exitCode).toBe(0);
    const data = `data:${type};base64,${readFileSync(file).toString('base64')}`;
    const browser = await Browser.open('data:text/html,<img id="map">');
    try {
      await until(() => browser.value<boolean>("document.getElementById('map') !== null"));
      await browser.value(`document.getElementById('map').src = ${JSON.stringify(data)}; 1`);
      await until(() =>
        browser.value<boolean>("document.getElementById('map').naturalWidth === 1024"),
      );
      const colours = await browser.value<string[]>(`(() => {
        const canvas = document.createElement('canvas');
        canvas.width = canvas.height = 1024;
        const context = canvas.getContext('2d');
        context.drawImage(document.getElementById('map'), 0, 0);
        return ${JSON.stringify(Object.values(OFFSETS).map((offset) => placeOf(offset, 256)))}.map(([x, y]) =>
          '#' + Array.from(context.getImageData(x * 4 + 2, y * 4 + 2, 1, 1).data.slice(0, 3), (part) => part.toString(16).padStart(2, '0')).join(''));
      })()`);
      const { levels } = paletteOf('light');
      expect(levels.every((colour) => /^#[0-9a-f]{6}$/.test(colour))).toBe(true);
      expect(colours).toEqual([levels[9], levels[5], levels[0]]);
    } finally {
      await browser.close();
    }
  });
});

/** Column and row of the cell with this /16, on a map with so many columns. */
function placeOf(offset: number, side: number): [number, number] {
  const cell = cellOf(offset, 256);
  const scale = 256 / side;
  return [Math.floor((cell % 256) / scale), Math.floor(Math.floor(cell / 256) / scale)];
}
