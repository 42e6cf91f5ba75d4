import type { ClientBase, Pool } from 'pg';
import { McblockError, reasonOf } from '../../errors.ts';
import type { FleetRow } from '../rows.ts';

/** A value for a placeholder of a statement. */
type Parameter = number | string | null | readonly string[];

/** Runs statements; what PostgreSQL refuses comes out as McblockError('store'). */
export class Queries {
  readonly #client: ClientBase | Pool;
  readonly #prepares: boolean;

  /** @param prepares whether statements with placeholders are planned once for the connection */
  constructor(client: ClientBase | Pool, prepares = false) {
    this.#client = client;
    this.#prepares = prepares;
  }

  /** Rows by name of the column. */
  async rows(sql: string, ...values: readonly Parameter[]): Promise<FleetRow[]> {
    return (await this.#query(sql, values)).rows;
  }

  /** How many rows it changed. */
  async run(sql: string, ...values: readonly Parameter[]): Promise<number> {
    return (await this.#query(sql, values)).rowCount ?? 0;
  }

  /** Several statements at once, in one way there and back; gives the rows of each. */
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
    ? 'it wants a password; put that into MCBLOCK_DB or PGPASSWORD'
    : `${reason || 'it cannot be reached'}; see that PostgreSQL runs, and what --db says`;
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
