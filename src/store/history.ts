import {
  type Entry,
  isOrigin,
  type Maker,
  type Seconds,
  THIS_MACHINE,
} from '../blocklist/entry.ts';
import type { ActivationCause } from '../blocklist/entry-change.ts';
import type { Evidence } from '../blocklist/evidence.ts';
import { EVIDENCE_ROWS } from '../blocklist/evidence-aggregator.ts';
import type { PastActivation } from '../blocklist/fold.ts';
import { PROBE, UNKNOWN_PORT } from '../blocklist/probe.ts';
import { McblockError } from '../errors.ts';
import type { Prefix } from '../net/prefix.ts';
import { keyWithRule, sumEvidence } from '../validation/evidence.ts';
import { isSeconds, isWhole } from '../validation/time-text.ts';
import type { Cell, Connection, Row } from './connection.ts';
import { cellOfEvidence, evidenceOfCell } from './evidence-cell.ts';
import { keyOf } from './key.ts';
import { damagedRow } from './store-error.ts';
import { cellOfExpiry, expiryOfCell, isExpiry, isOptionalSeconds } from './value.ts';

/** One activation of an entry, with its evidence. */
export interface Activation extends PastActivation, Maker {
  readonly note: string;
  readonly rule: string | undefined;
  readonly evidence: readonly Evidence[];
}

const RECORD = `
INSERT INTO activation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (family, length, network, number) DO NOTHING`;

const DECIDE_ANEW = `
UPDATE activation SET until = ?, rule = ?
WHERE family = ? AND length = ? AND network = ? AND number = ?`;

const END = `
UPDATE activation SET ended_at = ?
WHERE family = ? AND length = ? AND network = ? AND number = ?`;

const ADD_EVIDENCE = `
INSERT INTO evidence VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (family, length, network, number, log) DO NOTHING`;

const CHANGE_EVIDENCE = `
UPDATE evidence SET evidence = ?
WHERE family = ? AND length = ? AND network = ? AND number = ? AND log = ?`;

const EVIDENCE_OF_LOG = `
SELECT evidence FROM evidence
WHERE family = ? AND length = ? AND network = ? AND number = ? AND log = ?`;

const ACTIVATIONS = `
SELECT number, at, until, ended_at, origin, note, made_by, by_admin, rule FROM activation
WHERE family = ? AND length = ? AND network = ? ORDER BY number`;

const COMMANDS = `
SELECT command FROM activation WHERE family = ? AND length = ? AND network = ? ORDER BY number`;

const EVIDENCE = `
SELECT number, log, evidence FROM evidence
WHERE family = ? AND length = ? AND network = ? ORDER BY number, log`;

/** Finds cells that contain the text; they may mean something else. */
const EVIDENCE_NAMING = `
SELECT log, evidence FROM evidence
WHERE family = ? AND length = ? AND network = ? AND instr(evidence, ?) > 0`;

const SHARED = `
SELECT number FROM activation WHERE family = ? AND length = ? AND network = ? AND shared`;

const FORGET = 'DELETE FROM activation WHERE family = ? AND length = ? AND network = ?';

/** The activations of the entries. */
export class History {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * Records the latest activation of a stored entry, or its new expiry and rule if it is recorded.
   * @param command the command that made it
   * @param isFirst whether the entry has no history yet
   * @returns whether it is new
   */
  record(
    entry: Entry,
    cause: ActivationCause,
    command: number | undefined,
    isFirst: boolean,
  ): boolean {
    const { prefix, activations, activatedAt, expiresAt, rule } = entry;
    if (!isWhole(activations) || !isSeconds(activatedAt) || !isExpiry(expiresAt)) {
      throw new McblockError('store', 'an entry that was never active has no activation to record');
    }
    const { by, byAdmin } = cause.maker ?? THIS_MACHINE;
    const key = keyOf(prefix);
    const row = [
      activations,
      activatedAt,
      cellOfExpiry(expiresAt),
      null,
      cause.origin,
      cause.note,
      by,
      Number(byAdmin),
      command ?? null,
      0,
      rule ?? null,
    ];
    if (isFirst) this.#connection.insertLater('activation', prefix, row);
    if (isFirst || this.#connection.run(RECORD, ...key, ...row) > 0) return true;
    this.#connection.run(DECIDE_ANEW, cellOfExpiry(expiresAt), rule ?? null, ...key, activations);
    return false;
  }

  /** Records that an activation was expired by hand. */
  end(prefix: Prefix, number: number, at: Seconds): void {
    this.#connection.run(END, at, ...keyOf(prefix), number);
  }

  /** Adds evidence to a recorded activation; rows with the same key are merged. */
  addEvidence(prefix: Prefix, number: number, evidence: Iterable<Evidence>): void {
    const byLog = new Map<string, Evidence[]>();
    for (const row of evidence) {
      const rows = byLog.get(row.log);
      if (rows) rows.push(row);
      else byLog.set(row.log, [row]);
    }
    for (const [log, rows] of byLog) this.#addFromLog([...keyOf(prefix), number, log], log, rows);
  }

  /** The activations of an entry, oldest first; empty if there is no entry. */
  of(prefix: Prefix): Activation[] {
    const key = keyOf(prefix);
    const evidence = this.#connection.rows(EVIDENCE, ...key);
    return this.#connection.rows(ACTIVATIONS, ...key).map((row) => {
      const own = evidence.filter(([number]) => number === row[0]);
      const rows = own.flatMap(([, log, cell]) => evidenceOfCell(cell, String(log)));
      return activationOfRow(row, sumEvidence(rows, keyWithRule));
    });
  }

  /** The same without their evidence. */
  activationsOf(prefix: Prefix): Activation[] {
    return this.#connection
      .rows(ACTIVATIONS, ...keyOf(prefix))
      .map((row) => activationOfRow(row, []));
  }

  /** Whether there is evidence of this service. */
  hasEvidenceOf(prefix: Prefix, service: string): boolean {
    const named = JSON.stringify(service);
    return this.#connection
      .rows(EVIDENCE_NAMING, ...keyOf(prefix), named)
      .some(([log, cell]) =>
        evidenceOfCell(cell, String(log)).some((row) => row.service === service),
      );
  }

  /** The commands that made the activations of an entry, oldest first. */
  commandsOf(prefix: Prefix): Cell[] {
    return this.#connection.column(COMMANDS, ...keyOf(prefix));
  }

  /** Removes the activations above this number, with their evidence. */
  dropAbove(prefix: Prefix, number: number): void {
    this.#connection.run(`${FORGET} AND number > ?`, ...keyOf(prefix), number);
  }

  /**
   * Replaces the recorded history of an entry.
   * @param commands the commands that made the activations
   */
  replace(
    prefix: Prefix,
    activations: readonly Activation[],
    commands: readonly Cell[] = [],
  ): void {
    const key = keyOf(prefix);
    const shared = this.#connection.column(SHARED, ...key);
    this.#connection.run(FORGET, ...key);
    for (const [index, activation] of activations.entries()) {
      const { number, at, until, endedAt, origin, note, by, byAdmin, rule, evidence } = activation;
      const times = [at, cellOfExpiry(until), endedAt ?? null];
      const cause = [origin, note, by, Number(byAdmin), commands[index] ?? null];
      const isShared = Number(shared.includes(number));
      this.#connection.run(RECORD, ...key, number, ...times, ...cause, isShared, rule ?? null);
      this.addEvidence(prefix, number, evidence);
    }
  }

  #addFromLog(key: readonly Cell[], log: string, rows: readonly Evidence[]): void {
    // Rows with the same key are merged when they are read, or when more comes from the same log.
    if (this.#connection.run(ADD_EVIDENCE, ...key, cellOfEvidence(rows)) > 0) return;
    const known = evidenceOfCell(this.#connection.row(EVIDENCE_OF_LOG, ...key)?.[0], log);
    const sum = sumEvidence([...known, ...bounded(rows, known)], keyWithRule);
    this.#connection.run(CHANGE_EVIDENCE, cellOfEvidence(sum), ...key);
  }
}

/** Rows that are not known yet lose their address if there are too many. */
function bounded(rows: readonly Evidence[], known: readonly Evidence[]): Evidence[] {
  let free = EVIDENCE_ROWS - known.length;
  if (rows.length <= free) return [...rows];
  const keys = new Set(known.map(keyWithRule));
  return rows.map((row) =>
    row.address === undefined || keys.has(keyWithRule(row)) || free-- > 0 ? row : nameless(row),
  );
}

function nameless(row: Evidence): Evidence {
  const message = row.service === PROBE ? UNKNOWN_PORT : row.message;
  return { ...row, address: undefined, message };
}

function activationOfRow(row: Row, evidence: readonly Evidence[]): Activation {
  const [number, at, untilCell, ended, origin, note, by, admin, ruleCell] = row;
  const until = expiryOfCell(untilCell);
  const endedAt = ended ?? undefined;
  const rule = ruleCell ?? undefined;
  if (!isWhole(number) || !isSeconds(at) || !isExpiry(until) || !isOptionalSeconds(endedAt)) {
    throw damagedRow('activation', String(number), 'bad number');
  }
  if (!isOrigin(origin) || typeof note !== 'string' || typeof by !== 'string') {
    throw damagedRow('activation', String(number), 'bad origin, note or maker');
  }
  if (rule !== undefined && typeof rule !== 'string') {
    throw damagedRow('activation', String(number), 'bad rule');
  }
  return { number, at, until, endedAt, origin, note, by, byAdmin: admin === 1, rule, evidence };
}
