import { wrapCell } from './wrap.ts';

/** One column of a table for people. */
export interface Column<Row> {
  readonly title: string;
  readonly align?: 'left' | 'right';
  readonly cell: (row: Row) => string;
  /** A shorter form for a narrow terminal. */
  readonly narrow?: Pick<Column<Row>, 'title' | 'cell'>;
}

/** A column of times as shortTime writes them; a narrow terminal shows only the day. */
export function timeColumn<Row>(title: string, cell: (row: Row) => string): Column<Row> {
  const narrow = { title, cell: (row: Row) => cell(row).slice(0, 10) };
  return { title: `${title} (UTC)`, cell, narrow };
}

/** Colours a row; undefined: the titles. */
export type Paint<Row> = (line: string, row: Row | undefined) => string;

const GAP = '  ';
/** Columns that do not fit go to further lines with this indentation. */
const INDENT = '    ';
/** The last column is wrapped if at least this width is left for it. */
const MIN_LAST = 16;

/**
 * Aligned columns under their titles; the last one is not padded. On a terminal of the given width
 * rows fit: the last column is wrapped, others are abbreviated, or go to further lines. Iterates
 * over the rows twice, for the widths and for the lines, so that a million rows need no memory.
 * @param measured the rows that set the widths; default: all
 */
export function* tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: Iterable<Row>,
  paint: Paint<Row> = (line) => line,
  width = Number.POSITIVE_INFINITY,
  measured: Iterable<Row> = rows,
): Generator<string> {
  const lines = layoutOf(measure(columns, measured), width);
  yield paint(textOf(lines, undefined), undefined);
  for (const row of rows) yield paint(textOf(lines, row), row);
}

interface MeasuredColumn<Row> extends Column<Row> {
  width: number;
  narrowWidth: number;
}

/** Columns that share a line. */
interface Line<Row> {
  readonly columns: readonly MeasuredColumn<Row>[];
  readonly indent: string;
  /** Width of the last column. */
  readonly lastWidth: number;
}

function measure<Row>(
  columns: readonly Column<Row>[],
  rows: Iterable<Row>,
): readonly MeasuredColumn<Row>[] {
  const measured = columns.map((column) => {
    return {
      ...column,
      width: column.title.length,
      narrowWidth: column.narrow?.title.length ?? 0,
    };
  });
  for (const row of rows) {
    for (const column of measured) {
      column.width = Math.max(column.width, column.cell(row).length);
      const { narrow } = column;
      if (narrow) column.narrowWidth = Math.max(column.narrowWidth, narrow.cell(row).length);
    }
  }
  return measured;
}

function layoutOf<Row>(
  columns: readonly MeasuredColumn<Row>[],
  width: number,
): readonly Line<Row>[] {
  const narrowed = columns.map((column) =>
    column.narrow === undefined
      ? column
      : { ...column, ...column.narrow, width: column.narrowWidth },
  );
  return oneLine(columns, width) ?? oneLine(narrowed, width) ?? severalLines(columns, width);
}

/** Undefined if they do not fit, even with the last column wrapped. */
function oneLine<Row>(
  columns: readonly MeasuredColumn<Row>[],
  width: number,
): readonly Line<Row>[] | undefined {
  const last = columns.at(-1);
  const room = width - startOfLast(columns);
  if (last === undefined || room < Math.min(last.width, MIN_LAST)) return undefined;
  return [{ columns, indent: '', lastWidth: Math.min(last.width, room) }];
}

function severalLines<Row>(
  columns: readonly MeasuredColumn<Row>[],
  width: number,
): readonly Line<Row>[] {
  const groups: MeasuredColumn<Row>[][] = [];
  for (const column of columns) {
    const group = groups.at(-1);
    const indent = groups.length > 1 ? INDENT.length : 0;
    const needed = column === columns.at(-1) ? Math.min(column.width, MIN_LAST) : column.width;
    if (group && indent + startOfLast([...group, column]) + needed <= width) group.push(column);
    else groups.push([column]);
  }
  return groups.map((group, index) => {
    const indent = index === 0 ? '' : INDENT;
    const room = Math.max(MIN_LAST, width - indent.length - startOfLast(group));
    return { columns: group, indent, lastWidth: Math.min(group.at(-1)?.width ?? 0, room) };
  });
}

function startOfLast(columns: readonly MeasuredColumn<never>[]): number {
  return columns.slice(0, -1).reduce((sum, column) => sum + column.width + GAP.length, 0);
}

/** A row, in one line or several; undefined: the titles. */
function textOf<Row>(lines: readonly Line<Row>[], row: Row | undefined): string {
  let text = '';
  for (const line of lines) text += `${text === '' ? '' : '\n'}${lineOf(line, row)}`;
  return text;
}

function lineOf<Row>({ columns, indent, lastWidth }: Line<Row>, row: Row | undefined): string {
  const last = columns.at(-1);
  let line = indent;
  for (const column of columns) {
    const { title, align, cell, width } = column;
    const text = row === undefined ? title : cell(row);
    if (column === last && text.length > lastWidth) {
      const below = `\n${' '.repeat(line.length)}`;
      return `${line}${wrapCell(text, lastWidth).join(below)}`;
    }
    const shown = column === last ? lastWidth : width;
    line += align === 'right' ? text.padStart(shown) : text.padEnd(shown);
    if (column !== last) line += GAP;
  }
  return line.trimEnd();
}
