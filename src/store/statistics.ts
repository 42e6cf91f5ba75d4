import { isOrigin, type Origin, type Seconds } from '../blocklist/entry.ts';
import type { Evidence } from '../blocklist/evidence.ts';
import { DAY_SECONDS } from '../blocklist/policy.ts';
import type { Prefix } from '../net/prefix.ts';
import type { WidestLengths } from '../net/wide.ts';
import { OF_ACTIVATIONS, RECORDED_AT } from './changes.ts';
import type { Connection } from './connection.ts';
import { evidenceOfCell } from './evidence-cell.ts';
import { prefixOfRow } from './key.ts';
import { damagedRow } from './store-error.ts';

/** Rows of evidence read at once; one may have thousands of offenders. */
const PAGE_ROWS = 500;

/** Counts by the time of recording. */
const RECORDED = `
SELECT count(*) FILTER (WHERE number = 1), count(*)
${OF_ACTIVATIONS}
WHERE ${RECORDED_AT} BETWEEN ? AND ?`;

const BY_DAY = `
SELECT at / ${DAY_SECONDS}, count(*) FROM activation WHERE at >= ? AND at <= ? GROUP BY 1 ORDER BY 1`;

const BY_ORIGIN = `
SELECT origin, count(*) FROM activation WHERE at >= ? AND at <= ? GROUP BY 1 ORDER BY 2 DESC, 1`;

const EVIDENCE = `
SELECT v.rowid, v.family, v.length, hex(v.network), v.log, v.evidence
FROM evidence AS v CROSS JOIN entry USING (family, length, network)
WHERE v.rowid > ? AND last_seen >= ? ORDER BY v.rowid LIMIT ${PAGE_ROWS}`;

const NAMES = `
SELECT count(*) FROM (
  SELECT user FROM pending WHERE user > 0 AND at BETWEEN ? AND ? UNION
  SELECT user FROM spent WHERE user > 0 AND at BETWEEN ? AND ?)`;

const NEW_WIDER = `
SELECT t.family, t.length, hex(t.network), t.origin
${OF_ACTIVATIONS}
WHERE number = 1 AND ${RECORDED_AT} >= ?
  AND length < CASE family WHEN 4 THEN ? ELSE ? END
ORDER BY t.family, t.network, t.length LIMIT ?`;

const BY_RULE = `
SELECT t.family, t.length, hex(t.network), t.rule, ${RECORDED_AT} AS recorded
${OF_ACTIVATIONS}
WHERE t.rule IS NOT NULL AND recorded >= ?
ORDER BY recorded DESC LIMIT ?`;

/** How often something was counted. */
export interface Count {
  readonly name: string;
  readonly count: number;
}

/** Sums over entries, activations and evidence. Each reads a whole table. */
export class Statistics {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The activations recorded in that time: first ones, and those of entries that were active before. */
  recorded(since: Seconds, until: Seconds): { readonly first: number; readonly again: number } {
    const [first, all] = this.#connection.row(RECORDED, since, until) ?? [];
    return { first: Number(first), again: Number(all) - Number(first) };
  }

  /** The first activations recorded since of prefixes wider than these lengths, at most `limit`. */
  newWiderThan(
    { widest4, widest6 }: WidestLengths,
    since: Seconds,
    limit: number,
  ): { readonly prefix: Prefix; readonly origin: Origin }[] {
    const rows = this.#connection.rows(NEW_WIDER, since, widest4, widest6, limit);
    return rows.map(([family = null, length = null, hex = null, origin]) => {
      if (!isOrigin(origin)) throw damagedRow('activation', String(hex), 'bad origin');
      return { prefix: prefixOfRow('activation', family, length, hex), origin };
    });
  }

  /** The latest activations recorded since that rules decided, with the names of the rules. */
  byRuleSince(
    since: Seconds,
    limit: number,
  ): { readonly prefix: Prefix; readonly rule: string; readonly at: Seconds }[] {
    const rows = this.#connection.rows(BY_RULE, since, limit);
    return rows.map(([family = null, length = null, hex = null, rule, at]) => ({
      prefix: prefixOfRow('activation', family, length, hex),
      rule: String(rule),
      at: Number(at),
    }));
  }

  /** The activations of each UTC day (days since 1970) that has any. */
  activationsByDay(since: Seconds, until: Seconds): Map<number, number> {
    const rows = this.#connection.rows(BY_DAY, since, until);
    return new Map(rows.map(([day, count]) => [Number(day), Number(count)]));
  }

  /** The activations by origin, the most frequent first. */
  activationsByOrigin(since: Seconds, until: Seconds): Count[] {
    return this.#connection
      .rows(BY_ORIGIN, since, until)
      .map(([name, count]) => ({ name: String(name), count: Number(count) }));
  }

  /** The evidence with an offence in that time or about it, with the prefix of its entry. */
  *evidenceAround(
    since: Seconds,
    until: Seconds,
  ): Generator<{ prefix: Prefix; rows: readonly Evidence[] }> {
    for (let after = 0; ; ) {
      const page = this.#connection.rows(EVIDENCE, after, since);
      for (const [rowid, family = null, length = null, hex = null, log, cell] of page) {
        after = Number(rowid);
        const rows = evidenceOfCell(cell, String(log)).filter(
          ({ firstSeen, lastSeen }) => firstSeen <= until && lastSeen >= since,
        );
        if (rows.length > 0) yield { prefix: prefixOfRow('evidence', family, length, hex), rows };
      }
      if (page.length < PAGE_ROWS) return;
    }
  }

  /** The number of different users that were tried lately; only hashes of them are kept. */
  usersTried(since: Seconds, until: Seconds): number {
    return Number(this.#connection.row(NAMES, since, until, since, until)?.[0]);
  }
}
