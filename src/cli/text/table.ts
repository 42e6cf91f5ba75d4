/** One column of a table for people. */
export interface Column<Row> {
  readonly title: string;
  readonly align?: 'left' | 'right';
  readonly cell: (row: Row) => string;
}

/** Colours a line by the row that it shows; undefined: the titles. */
export type Paint<Row> = (line: string, row: Row | undefined) => string;

/**
 * Lines of aligned columns under their titles; the last column is not padded. The rows are gone
 * through twice, for their widths and for their lines: nothing is kept of a million rows.
 */
export function* tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: Iterable<Row>,
  paint: Paint<Row> = (line) => line,
): Generator<string> {
  const widths = columns.map(({ title }) => title.length);
  for (const row of rows) {
    for (const [index, { cell }] of columns.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, cell(row).length);
    }
  }
  const lineOf = (cellOf: (column: Column<Row>) => string): string =>
    columns
      .map((column, index) => {
        const width = widths[index] ?? 0;
        const cell = cellOf(column);
        return column.align === 'right' ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  yield paint(
    lineOf(({ title }) => title),
    undefined,
  );
  for (const row of rows) {
    yield paint(
      lineOf(({ cell }) => cell(row)),
      row,
    );
  }
}
