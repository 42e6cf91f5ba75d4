import { crc32, deflateSync } from 'node:zlib';
import STYLE from '../fleet/pubsub/page/style.css?raw';
import { formatPrefix } from '../net/prefix-text.ts';
import { MAX_LEVEL, type SpaceMap } from '../net/space-map.ts';

/** Pixels along each side of a cell. */
const CELL_PIXELS = 4;
/** Cells between two lines of the grid. */
const GRID = 16;

/** The colours of the status page's map: those of the levels, and that of the grid; #rrggbb. */
interface Palette {
  readonly levels: readonly string[];
  readonly grid: string;
}

/** From the page's style sheet. @param scheme that of the terminal or image */
export function paletteOf(scheme: 'light' | 'dark'): Palette {
  const part = STYLE.split('prefers-color-scheme: dark')[scheme === 'light' ? 0 : 1] ?? '';
  const colour = (name: string) => new RegExp(`--${name}: (#[0-9a-f]{6});`).exec(part)?.[1] ?? '';
  const inks = Array.from({ length: MAX_LEVEL }, (_, index) => colour(`l${index + 1}`));
  return { levels: [colour('void'), ...inks], grid: colour('grid') };
}

/** The map as an SVG document. */
export function svgOf({ prefix, width, height, levels }: SpaceMap): string {
  const palette = paletteOf('light');
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width * CELL_PIXELS}" height="${height * CELL_PIXELS}" shape-rendering="crispEdges">`,
    `<title>Blocked addresses in ${formatPrefix(prefix)}</title>`,
    `<path fill="${palette.levels[0]}" d="M0 0h${width}v${height}H0z"/>`,
    `<path stroke="${palette.grid}" stroke-width="0.25" d="${gridPath(width, height)}"/>`,
  ];
  const paths = palette.levels.map(() => '');
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; ) {
      const level = levels[y * width + x] ?? 0;
      let end = x + 1;
      while (end < width && levels[y * width + end] === level) end++;
      paths[level] += `M${x} ${y}h${end - x}v1H${x}z`;
      x = end;
    }
  }
  for (const [level, path] of paths.entries()) {
    if (level > 0 && path !== '') parts.push(`<path fill="${palette.levels[level]}" d="${path}"/>`);
  }
  return `${parts.join('\n')}\n</svg>\n`;
}

function gridPath(width: number, height: number): string {
  let path = '';
  for (let x = GRID; x < width; x += GRID) path += `M${x} 0v${height}`;
  for (let y = GRID; y < height; y += GRID) path += `M0 ${y}h${width}`;
  return path;
}

/** The map as a PNG image (RFC 2083) with a palette. */
export function pngOf({ width, height, levels }: SpaceMap): Buffer {
  const palette = paletteOf('light');
  const gridIndex = palette.levels.length;
  const [columns, rows] = [width * CELL_PIXELS, height * CELL_PIXELS];
  // Each row begins with its filter: none.
  const pixels = Buffer.alloc((columns + 1) * rows);
  for (let row = 0; row < rows; row++) {
    const y = Math.floor(row / CELL_PIXELS);
    for (let column = 0; column < columns; column++) {
      const level = levels[y * width + Math.floor(column / CELL_PIXELS)] ?? 0;
      const isGrid = level === 0 && (isLine(row) || isLine(column));
      pixels[row * (columns + 1) + 1 + column] = isGrid ? gridIndex : level;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(columns, 0);
  header.writeUInt32BE(rows, 4);
  // 8 bits a pixel, an index into the palette.
  header.set([8, 3], 8);
  const colours = [...palette.levels, palette.grid].map((colour) => colour.slice(1)).join('');
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(colours, 'hex')),
    chunk('IDAT', deflateSync(pixels)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function isLine(pixel: number): boolean {
  return pixel > 0 && pixel % (GRID * CELL_PIXELS) === 0;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
