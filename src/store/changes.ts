import { type Expiry, isOrigin, type Origin, type Seconds } from '../blocklist/entry.ts';
import { addressBytes } from '../net/address.ts';
import { lastAddress, overlaps, type Prefix } from '../net/prefix.ts';
import type { Commands } from './commands.ts';
import type { Cell, Connection, Row } from './connection.ts';
import type { Forgotten } from './forgotten.ts';
import type { Activation } from './history.ts';
import { keyOf, prefixOfRow, supernetsOf } from './key.ts';
import { cellOfExpiry, expiryOfCell } from './value.ts';
import type { Withdrawals } from './withdrawals.ts';

/** Only the latest are kept. */
const MAX_CHANGES = 100_000;

/** What happens to entries and to the allow-list apart from activations. */
export type ChangeAction =
  | 'prolonged'
  | 'expired'
  | 'withdrawn'
  | 'forgotten'
  | 'undone'
  | 'allowed'
  | 'disallowed';

/** A change of an entry or of the allow-list. */
export interface RecordedChange {
  /** When it was recorded. */
  readonly at: Seconds;
  readonly action: ChangeAction | 'activated';
  readonly prefix: Prefix;
  /** Of an activation: its number, and from when it counts. */
  readonly activation: number | undefined;
  readonly since: Seconds | undefined;
  readonly until: Expiry | undefined;
  readonly origin: Origin | undefined;
  readonly note: string;
  /** The user, host or channel of the fleet that made it; empty for this machine. */
  readonly by: string;
  /** The command that made it and who ran that; empty if not recorded. */
  readonly command: string;
  readonly user: string;
  /** The rules of the policy that decided an activation; undefined if none did. */
  readonly rule: string | undefined;
  /** The logs with evidence for an activation. */
  readonly logs: readonly string[];
}

interface ChangeDetails {
  readonly until?: Expiry;
  readonly by?: string | undefined;
  readonly note?: string;
}

/** The changes to list. All conditions must hold. */
export interface ChangeFilter {
  /** Changes of this prefix, of those that contain it and of those within it. */
  readonly prefix?: Prefix | undefined;
  readonly since?: Seconds | undefined;
  readonly until?: Seconds | undefined;
  /** Text in the command, in any case. */
  readonly command?: string | undefined;
  /** Text in the name of a user, machine or log, in any case. */
  readonly by?: string | undefined;
  /** Changes by hand alone: what only an offence or another machine changed is left out. */
  readonly byHand?: boolean;
}

const ADD = `
INSERT INTO change (command, at, action, family, length, network, until, made_by, note)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const LOGS = `
SELECT DISTINCT log FROM evidence
WHERE family = ? AND length = ? AND network = ? AND number = ? AND log <> '' ORDER BY log LIMIT 10`;

/** When an activation was recorded: logs give earlier times, and a daemon's command begins earlier. */
export const RECORDED_AT = 'max(t.at, ifnull(c.at, 0))';
/** The activations as `t`, with their commands as `c`. */
export const OF_ACTIVATIONS = 'FROM activation AS t LEFT JOIN command AS c ON c.id = t.command';

const ACTIVATIONS = `
SELECT t.family, t.length, hex(t.network), ${RECORDED_AT}, 'activated', t.number, t.at,
  t.until, t.origin, t.note, t.made_by, ifnull(c.text, ''), ifnull(c.user, ''), t.rule
${OF_ACTIVATIONS}`;

const OTHERS = `
SELECT t.family, t.length, hex(t.network), t.at, t.action, NULL, NULL,
  t.until, NULL, t.note, t.made_by, ifnull(c.text, ''), ifnull(c.user, ''), NULL
FROM change AS t LEFT JOIN command AS c ON c.id = t.command`;

const ACTIVATED_BY_HAND = "t.origin IN ('manual', 'import')";

const OTHERS_BY_HAND = `
CASE t.action WHEN 'withdrawn' THEN t.note = 'mistake' WHEN 'prolonged' THEN t.made_by = '' ELSE true END`;

/** Whether an activation has evidence from such a log. */
const LOG_NAMED = `
EXISTS (SELECT 1 FROM evidence AS e WHERE e.family = t.family AND e.length = t.length
  AND e.network = t.network AND e.number = t.number AND instr(lower(e.log), lower(?)) > 0)`;

/** What has been changed, by whom and by which command. */
export class Changes {
  readonly #connection: Connection;
  readonly #commands: Commands;
  readonly #withdrawals: Withdrawals;
  readonly #forgotten: Forgotten;

  constructor(
    connection: Connection,
    commands: Commands,
    withdrawals: Withdrawals,
    forgotten: Forgotten,
  ) {
    this.#connection = connection;
    this.#commands = commands;
    this.#withdrawals = withdrawals;
    this.#forgotten = forgotten;
  }

  /** Records a change by the command of this process, if it has one. */
  add(
    action: ChangeAction,
    prefix: Prefix,
    { until, by = '', note = '' }: ChangeDetails = {},
  ): void {
    const [command, at] = [this.#commands.begun(), this.#commands.now()];
    if (command === undefined || at === undefined) return;
    const expiry = until === undefined ? null : cellOfExpiry(until);
    this.#connection.run(ADD, command, at, action, ...keyOf(prefix), expiry, by, note);
    this.#connection.run(
      'DELETE FROM change WHERE id <= (SELECT max(id) FROM change) - ?',
      MAX_CHANGES,
    );
  }

  /** The latest changes, at most `most`, the latest first. */
  list(filter: ChangeFilter, most: number): RecordedChange[] {
    const found = [
      ...this.#activations(filter, most),
      ...this.#others(filter, most),
      ...this.#past(filter),
    ];
    return found.toSorted((p, q) => q.at - p.at).slice(0, most);
  }

  #activations(filter: ChangeFilter, most: number): RecordedChange[] {
    const [where, values] = conditionOf(filter, RECORDED_AT, ACTIVATED_BY_HAND, LOG_NAMED);
    const sql = `${ACTIVATIONS} WHERE ${where} ORDER BY 4 DESC, 1, 3, 2 LIMIT ?`;
    return this.#connection.rows(sql, ...values, most).map((row) => {
      const change = changeOfRow(row);
      const key = keyOf(change.prefix);
      const logs = this.#connection.column(LOGS, ...key, change.activation ?? 0).map(String);
      return { ...change, logs };
    });
  }

  #others(filter: ChangeFilter, most: number): RecordedChange[] {
    const [where, values] = conditionOf(filter, 't.at', OTHERS_BY_HAND);
    const sql = `${OTHERS} WHERE ${where} ORDER BY t.id DESC LIMIT ?`;
    return this.#connection.rows(sql, ...values, most).map(changeOfRow);
  }

  /** Activations that were withdrawn, and those of forgotten entries. */
  #past(filter: ChangeFilter): RecordedChange[] {
    if (filter.command !== undefined) return [];
    const { prefix, since = 0, until = Number.POSITIVE_INFINITY, by = '', byHand } = filter;
    const word = by.toLowerCase();
    return [
      ...this.#withdrawals.all().map((one) => pastChange(one.prefix, one.activation)),
      ...this.#forgotten
        .all()
        .flatMap(({ entry, history }) => history.map((one) => pastChange(entry.prefix, one))),
    ].filter(
      (change) =>
        (prefix === undefined || overlaps(prefix, change.prefix)) &&
        change.at >= since &&
        change.at < until &&
        (!byHand || change.origin === 'manual' || change.origin === 'import') &&
        [change.by, ...change.logs].some((name) => name.toLowerCase().includes(word)),
    );
  }
}

/** The condition in SQL, on the tables t and c, with its values. */
function conditionOf(
  { prefix, since, until, command, by, byHand }: ChangeFilter,
  time: string,
  isByHand: string,
  named = 'false',
): [string, Cell[]] {
  const parts: string[] = ['true'];
  const values: Cell[] = [];
  const add = (sql: string, ...more: Cell[]) => {
    parts.push(sql);
    values.push(...more);
  };
  if (prefix !== undefined) {
    const around = supernetsOf(prefix).map((one) => [one.length, addressBytes(one)] as const);
    const keys = around.map(() => '(?, ?)').join(', ');
    add(
      `t.family = ? AND (t.length > ? AND t.network BETWEEN ? AND ? OR (t.length, t.network) IN (VALUES ${keys}))`,
      prefix.family,
      prefix.length,
      addressBytes(prefix),
      addressBytes(lastAddress(prefix)),
      ...around.flat(),
    );
  }
  if (since !== undefined) add(`${time} >= ?`, since);
  if (until !== undefined) add(`${time} < ?`, until);
  if (byHand) add(isByHand);
  if (command !== undefined) add("instr(lower(ifnull(c.text, '')), lower(?)) > 0", command);
  if (by !== undefined) {
    const own = "instr(lower(t.made_by || ' ' || ifnull(c.user, '')), lower(?)) > 0";
    add(`(${own} OR ${named})`, by, ...(named === 'false' ? [] : [by]));
  }
  return [parts.join(' AND '), values];
}

function changeOfRow(row: Row): RecordedChange {
  const [family = null, length = null, hex = null, at, action, number, since, until] = row;
  const [origin, note, by, command, user, rule] = row.slice(8);
  return {
    prefix: prefixOfRow('change', family, length, hex),
    at: Number(at),
    action: action as RecordedChange['action'],
    activation: number === null ? undefined : Number(number),
    since: since === null ? undefined : Number(since),
    until: expiryOfCell(until) as Expiry,
    origin: isOrigin(origin) ? origin : undefined,
    note: String(note),
    by: String(by),
    command: String(command),
    user: String(user),
    rule: typeof rule === 'string' ? rule : undefined,
    logs: [],
  };
}

function pastChange(prefix: Prefix, activation: Activation): RecordedChange {
  const { number, at, until, origin, note, by, rule, evidence } = activation;
  const logs = new Set(evidence.map(({ log }) => log).filter((log) => log !== ''));
  const none = { command: '', user: '' };
  const when = { at, since: at, until, activation: number };
  return { prefix, action: 'activated', ...when, origin, note, by, ...none, rule, logs: [...logs] };
}
