import { Chalk } from 'chalk';
import { countText } from '../../count-text.ts';
import { paletteOf } from '../../engine/map-image.ts';
import { formatPrefix } from '../../net/prefix-text.ts';
import { MAX_LEVEL, type SpaceMap } from '../../net/space-map.ts';

/** A character for each level. */
const RAMP = ' .:-=+*#%@';
const USUAL_COLUMNS = 64;

export interface MapForm {
  /** The width of the terminal. */
  readonly columns: number | undefined;
  readonly hasColours: boolean;
  readonly isUtf8: boolean;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * The map, and what it shows in words. A character is two cells, one above the other; where the map is
 * wider than the terminal, a cell shows the highest level of four or more.
 */
export function* mapLines(map: SpaceMap, form: MapForm): Generator<string> {
  const { width, height, levels } = reduced(map, form.columns ?? USUAL_COLUMNS);
  const paint = painter(form);
  for (let y = 0; y < height; y += 2) {
    let line = '';
    for (let x = 0; x < width; x++) {
      line += paint(
        levels[y * width + x] ?? 0,
        y + 1 < height ? levels[(y + 1) * width + x] : undefined,
      );
    }
    yield line.trimEnd();
  }
  yield '';
  yield* legend(map, form);
}

function painter({ hasColours, isUtf8, env }: MapForm): (upper: number, lower?: number) => string {
  if (!hasColours || !isUtf8) return (upper, lower = 0) => RAMP[Math.max(upper, lower)] ?? ' ';
  const is24Bit = /truecolor|24bit/.test(env['COLORTERM'] ?? '');
  const chalk = new Chalk({ level: is24Bit ? 3 : 2 });
  const colours = paletteOf('dark').levels;
  return (upper, lower) => {
    const painted = chalk.hex(colours[upper] ?? '');
    return lower === undefined ? painted('▀') : painted.bgHex(colours[lower] ?? '')('▀');
  };
}

/** With at most this many columns. */
function reduced(map: SpaceMap, columns: number): Pick<SpaceMap, 'width' | 'height' | 'levels'> {
  let { width, height, levels } = map;
  while (width > columns) {
    const [w, h] = [width / 2, height / 2];
    const smaller = new Uint8Array(w * h);
    for (const [cell, level] of levels.entries()) {
      const at = (Math.floor(cell / width) >> 1) * w + ((cell % width) >> 1);
      smaller[at] = Math.max(smaller[at] ?? 0, level);
    }
    [width, height, levels] = [w, h, smaller];
  }
  return { width, height, levels };
}

function* legend({ prefix, cellLength, levels }: SpaceMap, form: MapForm): Generator<string> {
  const blocked = levels.filter((level) => level > 0).length;
  const whole = levels.filter((level) => level === MAX_LEVEL).length;
  yield `${formatPrefix(prefix)}: of ${countText(levels.length)} /${cellLength}, ${countText(blocked)} are blocked in part, ${countText(whole)} of them wholly.`;
  const paint = painter(form);
  const shares = [1, 3, 5, 7, 8, 9].map((level) => `${paint(level, level)} ${shareText(level)}`);
  yield `Of a /${cellLength} is blocked: ${shares.join('  ')}`;
}

/** The least of a cell that has this level. */
function shareText(level: number): string {
  if (level === 1) return 'something';
  return level === MAX_LEVEL ? 'all' : `1/${countText(4 ** (MAX_LEVEL - level))}`;
}
