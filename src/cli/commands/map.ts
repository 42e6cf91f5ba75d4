import type { Command } from 'commander';
import { pngOf, svgOf } from '../../engine/map-image.ts';
import { rulesAt } from '../../engine/rules-at.ts';
import { McblockError } from '../../errors.ts';
import { writeFileWhole } from '../../firewall/atomic-file.ts';
import { formatPrefix, parsePrefix } from '../../net/prefix-text.ts';
import { type SpaceMap, spaceMap } from '../../net/space-map.ts';
import type { Context } from '../context.ts';
import { isUtf8 } from '../text/locale.ts';
import { mapLines } from '../text/map-text.ts';

export function define(command: Command, context: Context): void {
  command
    .description(
      'Draws which IPv4 addresses the rules block, along a Hilbert curve: neighbours in the address space are neighbours on the map, and every prefix is a square or half of one.',
    )
    .argument('[prefix]', 'only this IPv4 prefix')
    .option('-o, --output <file>', 'write an image; the name must end in .png or .svg')
    .addHelpText(
      'after',
      `
Examples:
  mcblock map
  mcblock map 45/8
  mcblock map --output /var/www/blocked.svg

The map of the whole space has a cell for each /16, that of a /8 one for each /24. The status page of listen
shows the same map.
`,
    )
    .action((text: string | undefined, { output }: { readonly output?: string }) =>
      draw(context, text, output),
    );
}

async function draw(context: Context, text = '0/0', output?: string): Promise<void> {
  const prefix = parsePrefix(text);
  if (prefix.family === 6) throw new McblockError('usage', `${text}: the map shows IPv4 only`);
  const write = output === undefined ? undefined : writerOf(output);
  const store = await context.reader();
  const { now, doubtfulSince } = context.time;
  const drawn = spaceMap(rulesAt(store, await context.policy(), now, doubtfulSince), prefix);
  if (output !== undefined && write) writeFileWhole(output, [write(drawn)]);
  else if (context.options.json) context.json(mapJson(drawn));
  else {
    const { columns, env, options, stdout } = context;
    const hasColours = options.color && !env['NO_COLOR'] && stdout.isTerminal;
    context.lines(mapLines(drawn, { columns, hasColours, isUtf8: isUtf8(env), env }));
  }
}

function writerOf(output: string): (map: SpaceMap) => Buffer {
  if (output.endsWith('.png')) return pngOf;
  if (output.endsWith('.svg')) return (map) => Buffer.from(svgOf(map));
  throw new McblockError('usage', `${output}: the name must end in .png or .svg`);
}

/** Each row is a string of levels. */
function mapJson({ prefix, width, height, cellLength, levels }: SpaceMap): object {
  const rows = Array.from({ length: height }, (_, y) =>
    levels.subarray(y * width, (y + 1) * width).join(''),
  );
  return { prefix: formatPrefix(prefix), cellLength, rows };
}
