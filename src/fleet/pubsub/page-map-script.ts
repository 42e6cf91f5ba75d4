/**
 * The map of the page: drawn on a canvas, asked by pointer, finger or keyboard, and told in words.
 * Its placeOf is the cellOf of the map turned round: from a cell to its place along the curve.
 */
export const PAGE_MAP_SCRIPT = `
const SIDE = 256;
const BLOCK = 16;
const LEVEL_WORDS = ['nothing is blocked', '1 to 3 addresses are blocked', '4 to 15 addresses are blocked',
  '16 to 63 addresses are blocked', '64 to 255 addresses are blocked', 'a /24 or more is blocked',
  'a /22 or more is blocked', 'a /20 or more is blocked', 'a /18 or more is blocked', 'all of it is blocked'];
let cells = new Uint8Array(SIDE * SIDE);
/** The cell that is asked for. */
let asked;

function placeOf(x, y) {
  let place = 0;
  for (let side = SIDE / 2; side > 0; side /= 2) {
    const right = (x & side) > 0 ? 1 : 0;
    const down = (y & side) > 0 ? 1 : 0;
    place += side * side * ((3 * right) ^ down);
    x &= side - 1;
    y &= side - 1;
    if (down === 0) {
      if (right === 1) {
        x = side - 1 - x;
        y = side - 1 - y;
      }
      [x, y] = [y, x];
    }
  }
  return place;
}

function drawMap() {
  const map = element('map');
  const width = map.getBoundingClientRect().width;
  if (width === 0) return;
  const size = SIDE * Math.max(1, Math.round((width * devicePixelRatio) / SIDE));
  if (map.width !== size) map.width = map.height = size;
  const style = getComputedStyle(document.documentElement);
  const ink = (name) => style.getPropertyValue('--' + name).trim();
  const context = map.getContext('2d');
  const scale = size / SIDE;
  const fill = (x, y, w, h) => context.fillRect(x * scale, y * scale, w * scale, h * scale);
  context.fillStyle = ink('void');
  fill(0, 0, SIDE, SIDE);
  context.fillStyle = ink('grid');
  const hair = Math.max(1, Math.round(devicePixelRatio)) / scale;
  for (let line = BLOCK; line < SIDE; line += BLOCK) {
    fill(line, 0, hair, SIDE);
    fill(0, line, SIDE, hair);
  }
  const blockWidth = (width / SIDE) * BLOCK;
  const letters = (pixels) => {
    context.font = Math.round((pixels * size) / width) + 'px system-ui, sans-serif';
    context.textBaseline = 'top';
  };
  // As long as they can be read.
  if (blockWidth >= 26) {
    letters(9);
    context.fillStyle = ink('label');
    for (let x = 0; x < SIDE; x += BLOCK) {
      for (let y = 0; y < SIDE; y += BLOCK) {
        context.fillText(String(placeOf(x, y) >> 8), (x + 1) * scale, (y + 1) * scale);
      }
    }
  }
  // A shade around each, so that a single one is seen too.
  context.globalAlpha = 0.3;
  context.fillStyle = ink('l4');
  cells.forEach((level, cell) => {
    if (level > 0) fill((cell % SIDE) - 1, Math.floor(cell / SIDE) - 1, 3, 3);
  });
  context.globalAlpha = 1;
  const inks = LEVEL_WORDS.map((_, level) => ink('l' + level));
  cells.forEach((level, cell) => {
    if (level === 0) return;
    context.fillStyle = inks[level];
    fill(cell % SIDE, Math.floor(cell / SIDE), 1, 1);
  });
  if (asked === undefined) return;
  const [x, y] = [asked.x - (asked.x % BLOCK), asked.y - (asked.y % BLOCK)];
  context.strokeStyle = ink('ink');
  context.lineWidth = 2 * hair * scale;
  context.strokeRect(x * scale, y * scale, BLOCK * scale, BLOCK * scale);
  context.strokeRect((asked.x - 1) * scale, (asked.y - 1) * scale, 3 * scale, 3 * scale);
}

function tellMap() {
  let some = 0;
  let all = 0;
  const blocks = new Map();
  cells.forEach((level, cell) => {
    if (level === 0) return;
    some++;
    if (level === 9) all++;
    const block = placeOf(cell % SIDE, Math.floor(cell / SIDE)) >> 8;
    blocks.set(block, (blocks.get(block) ?? 0) + 1);
  });
  element('covered').textContent = some === 0 ? 'Nothing in the IPv4 space is blocked.'
    : 'Of 65,536 /16s ' + whole(some) + ' hold what is blocked, ' + whole(all) + ' are blocked whole.';
  const most = [...blocks].sort((p, q) => q[1] - p[1] || p[0] - q[0]).slice(0, 5);
  element('most').textContent = most.length === 0 ? ''
    : 'Most of them are in ' + most.map(([block, count]) => block + '/8 (' + count + ')').join(', ') + '.';
}

function tellAsked() {
  const { x, y } = asked;
  const place = placeOf(x, y);
  const block = place >> 8;
  let some = 0;
  const [left, top] = [x - (x % BLOCK), y - (y % BLOCK)];
  for (let row = top; row < top + BLOCK; row++) {
    for (let column = left; column < left + BLOCK; column++) if (cells[row * SIDE + column] > 0) some++;
  }
  element('pointed').textContent = block + '.' + (place & 255) + '.0.0/16: ' + LEVEL_WORDS[cells[y * SIDE + x]] +
    '. In ' + block + '.0.0.0/8: ' + (some === 0 ? 'nothing.' : some + ' of 256 /16s.');
}

function ask(x, y) {
  const within = (value) => Math.min(SIDE - 1, Math.max(0, value));
  asked = { x: within(x), y: within(y) };
  tellAsked();
  drawMap();
}

function showMap(bytes) {
  cells = bytes;
  tellMap();
  if (asked !== undefined) tellAsked();
  drawMap();
}

const point = (event) => {
  const box = event.target.getBoundingClientRect();
  const at = (offset, size) => Math.floor((offset / size) * SIDE);
  ask(at(event.clientX - box.left, box.width), at(event.clientY - box.top, box.height));
};
element('map').addEventListener('pointermove', point);
element('map').addEventListener('pointerdown', point);
element('map').addEventListener('keydown', (event) => {
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const step = steps[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const far = event.shiftKey ? 1 : BLOCK;
  const from = asked ?? { x: BLOCK / 2 - step[0] * far, y: BLOCK / 2 - step[1] * far };
  ask(from.x + step[0] * far, from.y + step[1] * far);
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawMap);
new ResizeObserver(drawMap).observe(element('map'));
`;
