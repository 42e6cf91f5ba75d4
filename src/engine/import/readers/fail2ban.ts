import { McblockError } from '../../../errors.ts';
import { Connection, type Row } from '../../../store/connection.ts';
import { withoutLog } from '../../../store/open.ts';
import type { ForeignBan, ForeignFile } from '../foreign-ban.ts';

const MAX_FILE_BYTES = 256 * 1024 * 1024;
const MAGIC = 'SQLite format 3\0';
/** In the output of `fail2ban-client banned`. */
const JAIL = /'([^']*)': \[([^\]]*)\]/g;

/** The columns of an ordinary table: a view or virtual table could compute without end. */
const COLUMNS = `
SELECT x.name FROM pragma_table_list(?) AS t, pragma_table_xinfo(t.name) AS x
WHERE t.type = 'table' AND t.schema = 'main' AND x.hidden = 0`;

/**
 * Reads the database of fail2ban, or what `fail2ban-client banned` prints. Throws
 * McblockError('input').
 */
export function* readFail2ban({ file }: ForeignFile): Generator<ForeignBan> {
  const content = file.whole(MAX_FILE_BYTES);
  if (content.toString('latin1', 0, MAGIC.length) === MAGIC) {
    yield* databaseBans(file.name, content);
    return;
  }
  const text = content.toString('utf8').trim();
  if (!text.startsWith('[') || !text.endsWith(']')) {
    throw new McblockError(
      'input',
      `${file.name}: neither a database of fail2ban nor the output of "fail2ban-client banned"`,
    );
  }
  let number = 0;
  for (const [, jail = '', list = ''] of text.matchAll(JAIL)) {
    for (const [, address = ''] of list.matchAll(/'([^']*)'/g)) {
      yield { number: ++number, text: address, reason: jail };
    }
  }
}

/** Reads a copy in memory, so that no -wal file is made and fail2ban does not have to wait. */
function* databaseBans(name: string, content: Buffer): Generator<ForeignBan> {
  let connection: Connection | undefined;
  try {
    connection = new Connection(name, withoutLog(content), { readonly: true, busyMilliseconds: 0 });
    connection.execute(
      'PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY',
    );
    const tables = [bansSql(connection, 'bans'), bansSql(connection, 'bips')];
    const sql = tables.filter((table) => table !== undefined).join(' UNION ');
    if (sql === '') throw new McblockError('input', `${name}: not a database of fail2ban`);
    let number = 0;
    for (const row of connection.each(sql)) yield banOf(++number, row);
  } catch (cause) {
    if (!(cause instanceof McblockError) || cause.code !== 'store') throw cause;
    throw new McblockError('input', `${name}: damaged, or not a database of fail2ban`, { cause });
  } finally {
    connection?.close();
  }
}

/** The query for the bans of a table. It cuts long names and addresses. */
function bansSql(connection: Connection, table: string): string | undefined {
  const columns = connection.column(COLUMNS, table);
  if (!['ip', 'jail', 'timeofban'].every((name) => columns.includes(name))) return undefined;
  // fail2ban before 0.11 has neither.
  const duration = columns.includes('bantime') ? 'bantime' : 'NULL';
  const count = columns.includes('bancount') ? 'bancount' : '1';
  return `
SELECT substr(ip, 1, 100), substr(jail, 1, 100), timeofban, ${duration}, ${count} FROM ${table}`;
}

function banOf(number: number, [ip, jail, at, duration, count]: Row): ForeignBan {
  const since = Number(at);
  const seconds = Number(duration);
  return {
    number,
    text: String(ip),
    since,
    until: duration === null ? undefined : seconds < 0 ? 'forever' : since + seconds,
    reason: Number(count) > 1 ? `${jail}, ban ${count}` : String(jail),
  };
}
