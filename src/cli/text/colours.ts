type Paint = (text: string) => string;

/** The colours that tables and reports have on a terminal. */
export interface Colours {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
}

const asItIs: Paint = (text) => text;
const PLAIN: Colours = {
  bold: asItIs,
  dim: asItIs,
  red: asItIs,
  green: asItIs,
  yellow: asItIs,
  cyan: asItIs,
};

/** The real ones where they are wanted; the library is only loaded then. */
export async function loadColours(wanted: boolean): Promise<Colours> {
  if (!wanted) return PLAIN;
  const { Chalk } = await import('chalk');
  return new Chalk({ level: 1 });
}
