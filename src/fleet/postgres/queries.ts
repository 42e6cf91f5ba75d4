import type { ClientBase, Pool } from 'pg';
import { McblockError, reasonOf } from '../../errors.ts';
import type { FleetRow } from '../fleet-row.ts';

/** A value for a placeholder of a statement. */
type Parameter = number | string | null | readonly string[];

/** Runs statements. Errors of PostgreSQL become McblockError('store'). */
export class Queries {
  readonly #client: ClientBase | Pool;
  readonly #prepares: boolean;

  /** @param prepares whether statements with placeholders are prepared once for the connection */
  constructor(client: ClientBase | Pool, prepares = false) {
    this.#client = client;
    this.#prepares = prepares;
  }

  /** Rows by column name. */
  async rows(sql: string, ...values: readonly Parameter[]): Promise<FleetRow[]> {
    return (await this.#query(sql, values)).rows;
  }

  /** Returns the number of rows changed. */
  async run(sql: string, ...values: readonly Parameter[]): Promise<number> {
    return (await this.#query(sql, values)).rowCount ?? 0;
  }

  /** Runs several statements in one round trip. Returns the rows of each. */
  async script(sql: string): Promise<FleetRow[][]> {
    try {
      const results: unknown = await this.#client.query(sql);
      return [results].flat().map((result) => (result as { readonly rows: FleetRow[] }).rows);
    } catch (error) {
      throw postgresError(error);
    }
  }

  async #query(text: string, values: readonly Parameter[]) {
    try {
      const name = this.#prepares ? { name: nameOf(text) } : {};
      return await this.#client.query<Record<string, unknown>>({
        ...name,
        text,
        values: [...values],
      });
    } catch (error) {
      throw postgresError(error);
    }
  }
}

export function postgresError(error: unknown): McblockError {
  const reason = reasonOf(error);
  const advice = reason.includes('password must be')
    ? 'a password is required; set MCBLOCK_DB or PGPASSWORD'
    : `${reason || 'no connection'}; check that PostgreSQL is running, and --db`;
  return new McblockError('store', `the fleet's store failed: ${advice}`, { cause: error });
}

const NAMES = new Map<string, string>();

function nameOf(text: string): string {
  const known = NAMES.get(text);
  if (known !== undefined) return known;
  const name = `mcblock${NAMES.size}`;
  NAMES.set(text, name);
  return name;
}
