/** One column of a table for people. */
export interface Column<Row> {
  readonly title: string;
  readonly align?: 'left' | 'right';
  readonly cell: (row: Row) => string;
}

/** Colours a line by its row; undefined: the titles. */
export type Paint<Row> = (line: string, row: Row | undefined) => string;

/**
 * Aligned columns under their titles; the last one is not padded. Iterates over the rows twice, for
 * the widths and for the lines, so that a million rows need no memory.
 */
export function* tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: Iterable<Row>,
  paint: Paint<Row> = (line) => line,
): Generator<string> {
  const placed: PlacedColumn<Row>[] = columns.map((column) => ({
    ...column,
    width: column.title.length,
  }));
  const last = placed.at(-1);
  const padded = placed.filter((column) => column !== last || column.align === 'right');
  for (const row of rows) {
    for (const column of padded) column.width = Math.max(column.width, column.cell(row).length);
  }
  yield paint(lineOf(placed, undefined), undefined);
  for (const row of rows) yield paint(lineOf(placed, row), row);
}

interface PlacedColumn<Row> extends Column<Row> {
  width: number;
}

/** A line of the table; undefined: the titles. */
function lineOf<Row>(columns: readonly PlacedColumn<Row>[], row: Row | undefined): string {
  let line = '';
  for (const column of columns) {
    const text = row === undefined ? column.title : column.cell(row);
    const cell = column.align === 'right' ? text.padStart(column.width) : text.padEnd(column.width);
    line += column === columns[0] ? cell : `  ${cell}`;
  }
  return line.trimEnd();
}
