import { curveOffset } from '../../../net/hilbert.ts';
import { SIDE } from '../../../net/space-map.ts';
import { byId } from './dom.ts';
import { formatCount } from './format.ts';
import { drawCells, type Point } from './map-drawing.ts';

/** Cells along each side of a /8. */
const BLOCK = 16;
const MAX_LISTED = 5;
/** With fewer /16s than this, the map is nearly empty, and small. */
const MIN_LARGE = 128;
const LEVELS = [
  'nothing is blocked',
  '1 to 3 addresses are blocked',
  '4 to 15 addresses are blocked',
  '16 to 63 addresses are blocked',
  '64 to 255 addresses are blocked',
  'a /24 or more is blocked',
  'a /22 or more is blocked',
  'a /20 or more is blocked',
  'a /18 or more is blocked',
  'all of it is blocked',
];
const STEPS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

let cells = new Uint8Array(SIDE * SIDE);
/** The cell under the pointer or the arrow keys. */
let selected: Point | undefined;

export function startMap(): void {
  const canvas = byId('map', HTMLCanvasElement);
  canvas.addEventListener('pointermove', selectPointed);
  canvas.addEventListener('pointerdown', selectPointed);
  canvas.addEventListener('keydown', selectByKey);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  new ResizeObserver(draw).observe(canvas);
}

export function showMap(levels: Uint8Array<ArrayBuffer>): void {
  cells = levels;
  describeMap();
  if (selected !== undefined) describeSelected(selected);
  draw();
}

function draw(): void {
  drawCells(byId('map', HTMLCanvasElement), cells, selected);
}

/** The map in words. */
function describeMap(): void {
  let partly = 0;
  let wholly = 0;
  const blocks = new Map<number, number>();
  for (const [cell, level] of cells.entries()) {
    if (level === 0) continue;
    partly++;
    if (level === LEVELS.length - 1) wholly++;
    const block = curveOffset(cell, SIDE) >> 8;
    blocks.set(block, (blocks.get(block) ?? 0) + 1);
  }
  byId('covered').textContent =
    partly === 0
      ? 'No IPv4 address is blocked.'
      : `${formatCount(partly)} of 65,536 /16s have blocked addresses, ${formatCount(wholly)} are blocked entirely.`;
  byId('space-card').classList.toggle('small', partly < MIN_LARGE);
  const most = [...blocks].toSorted(([p, m], [q, n]) => n - m || p - q).slice(0, MAX_LISTED);
  byId('most').textContent =
    most.length === 0
      ? ''
      : `Most are in ${most.map(([block, count]) => `${block}/8 (${count})`).join(', ')}.`;
}

function describeSelected({ x, y }: Point): void {
  const offset = curveOffset(y * SIDE + x, SIDE);
  const block = offset >> 8;
  let count = 0;
  const [left, top] = [x - (x % BLOCK), y - (y % BLOCK)];
  for (let row = top; row < top + BLOCK; row++) {
    for (let column = left; column < left + BLOCK; column++) {
      if ((cells[row * SIDE + column] ?? 0) > 0) count++;
    }
  }
  const level = LEVELS[cells[y * SIDE + x] ?? 0];
  const ofBlock = count === 0 ? 'nothing' : `${count} of 256 /16s`;
  byId('pointed').textContent =
    `${block}.${offset & 255}.0.0/16: ${level}. In ${block}.0.0.0/8: ${ofBlock}.`;
}

function select(x: number, y: number): void {
  selected = { x: clamp(x), y: clamp(y) };
  describeSelected(selected);
  draw();
}

function clamp(value: number): number {
  return Math.min(SIDE - 1, Math.max(0, value));
}

function selectPointed({ clientX, clientY }: PointerEvent): void {
  const { left, top, width, height } = byId('map').getBoundingClientRect();
  const x = Math.floor(((clientX - left) / width) * SIDE);
  const y = Math.floor(((clientY - top) / height) * SIDE);
  select(x, y);
}

function selectByKey(event: KeyboardEvent): void {
  const step = STEPS[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const length = event.shiftKey ? 1 : BLOCK;
  const { x, y } = selected ?? {
    x: BLOCK / 2 - step.x * length,
    y: BLOCK / 2 - step.y * length,
  };
  select(x + step.x * length, y + step.y * length);
}
