import { curveOffset } from '../../../net/hilbert.ts';
import { SIDE } from '../../../net/space-map.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Cells along each side of a /8. */
const BLOCK = 16;
/** Below this width of a /8, in CSS pixels, its number would be illegible. */
const MIN_LABELLED_PIXELS = 26;
const LABEL_PIXELS = 9;
/** In device pixels. */
const SMALL_PIXELS = 512;

/** Draws the cells at the canvas's size in device pixels, and a frame around the selected one. */
export function drawCells(
  canvas: HTMLCanvasElement,
  cells: Uint8Array,
  selected: Point | undefined,
): void {
  const { width } = canvas.getBoundingClientRect();
  const context = canvas.getContext('2d');
  if (width === 0 || context === null) return;
  const size = SIDE * Math.max(1, Math.round((width * devicePixelRatio) / SIDE));
  if (canvas.width !== size) {
    canvas.width = size;
    canvas.height = size;
  }
  // One unit is one cell.
  const scale = size / SIDE;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  const hairline = Math.max(1, Math.round(devicePixelRatio)) / scale;
  context.fillStyle = colour('void');
  context.fillRect(0, 0, SIDE, SIDE);
  drawGrid(context, hairline);
  if ((width / SIDE) * BLOCK >= MIN_LABELLED_PIXELS) {
    drawLabels(context, scale, (LABEL_PIXELS * size) / width);
  }
  drawLevels(context, cells);
  if (selected !== undefined) drawFrame(context, selected, hairline);
}

function drawGrid(context: CanvasRenderingContext2D, hairline: number): void {
  context.fillStyle = colour('grid');
  for (let line = BLOCK; line < SIDE; line += BLOCK) {
    context.fillRect(line, 0, hairline, SIDE);
    context.fillRect(0, line, SIDE, hairline);
  }
}

/** The number of each /8, in device pixels: a font smaller than a pixel may not be drawn. */
function drawLabels(context: CanvasRenderingContext2D, scale: number, fontPixels: number): void {
  context.save();
  context.resetTransform();
  context.font = `${Math.round(fontPixels)}px system-ui, sans-serif`;
  context.textBaseline = 'top';
  context.fillStyle = colour('label');
  for (let x = 0; x < SIDE; x += BLOCK) {
    for (let y = 0; y < SIDE; y += BLOCK) {
      const block = curveOffset(y * SIDE + x, SIDE) >> 8;
      context.fillText(String(block), (x + 1) * scale, (y + 1) * scale);
    }
  }
  context.restore();
}

function drawLevels(context: CanvasRenderingContext2D, cells: Uint8Array): void {
  // A shade around each, or a single one would be too small to see.
  context.globalAlpha = context.canvas.width > SMALL_PIXELS ? 0.3 : 0.7;
  context.fillStyle = colour('l4');
  for (const [cell, level] of cells.entries()) {
    if (level > 0) context.fillRect((cell % SIDE) - 1, Math.floor(cell / SIDE) - 1, 3, 3);
  }
  context.globalAlpha = 1;
  const colours = Array.from({ length: 10 }, (_, level) => colour(`l${level}`));
  for (const [cell, level] of cells.entries()) {
    if (level === 0) continue;
    context.fillStyle = colours[level] ?? '';
    context.fillRect(cell % SIDE, Math.floor(cell / SIDE), 1, 1);
  }
}

/** Around the cell and its /8. */
function drawFrame(context: CanvasRenderingContext2D, { x, y }: Point, hairline: number): void {
  context.strokeStyle = colour('ink');
  context.lineWidth = 2 * hairline;
  context.strokeRect(x - (x % BLOCK), y - (y % BLOCK), BLOCK, BLOCK);
  context.strokeRect(x - 1, y - 1, 3, 3);
}

/** A colour of the style sheet. */
function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
