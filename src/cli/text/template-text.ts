import { countText } from '../../count-text.ts';
import type { Template } from '../../log/templates.ts';
import type { Colours } from './colours.ts';
import { printable } from './printable.ts';

/** For each template its count, its text and an example. */
export function templateLines(templates: readonly Template[], colours: Colours): string[] {
  const width = Math.max(...templates.map(({ count }) => countText(count).length));
  return templates.flatMap(({ service, template, count, example }) => [
    `${countText(count).padStart(width)}  ${service}  ${colours.bold(printable(template))}`,
    colours.dim(`${' '.repeat(width)}  > ${printable(example)}`),
  ]);
}
