import { McblockError } from '../../errors.ts';
import { readChanges, readReason, readResults } from './answers.ts';
import type { ChangesPage, ReportAnswer } from './change.ts';
import { type Patience, patiently, USUAL_PATIENCE } from './retry.ts';
import type { Answered, Asking, Transport } from './transport.ts';

/** A report and the key by which the server knows it again. */
export interface Keyed {
  readonly key: string;
  readonly report: Readonly<Record<string, unknown>>;
}

/** What the server said to a list of reports. */
export type Reported =
  | { readonly kind: 'taken'; readonly answers: readonly ReportAnswer[] }
  /** It will never take this list as it stands; none of it was counted. */
  | { readonly kind: 'unacceptable'; readonly reason: string };

const UNACCEPTABLE: readonly number[] = [400, 413, 422];

/**
 * What a machine asks of its server. Every method throws McblockError where the server is away
 * ('program'), answers nonsense ('input') or does not let the machine in ('config').
 */
export class FleetClient {
  readonly #transport: Transport;
  readonly #patience: Patience;
  readonly #signal: AbortSignal | undefined;

  constructor(transport: Transport, patience = USUAL_PATIENCE, signal?: AbortSignal) {
    this.#transport = transport;
    this.#patience = patience;
    this.#signal = signal;
  }

  get url(): string {
    return this.#transport.url;
  }

  /** Sends offences, blocks and expiries. Sent again with the same keys they count nothing. */
  async report(reports: readonly Keyed[]): Promise<Reported> {
    const body = { reports: reports.map(({ key, report }) => ({ ...report, key })) };
    const answer = await this.#ask({ method: 'POST', path: '/v2/reports', body });
    if (UNACCEPTABLE.includes(answer.status)) return unacceptable(answer);
    return {
      kind: 'taken',
      answers: this.#read(answer, (text) => readResults(text, body.reports.length)),
    };
  }

  /** Puts a prefix on the allow-list of the fleet, or takes it off; doing it twice does no harm. */
  async allow(method: 'POST' | 'DELETE', body: object): Promise<Reported> {
    const answer = await this.#ask({ method, path: '/v2/allow', body });
    // Who may not is told so each time; it would keep all that comes after it from being sent.
    if ([...UNACCEPTABLE, 403].includes(answer.status)) return unacceptable(answer);
    this.#read(answer, () => undefined);
    return { kind: 'taken', answers: [] };
  }

  /**
   * At most so many changes after this number; undefined: it is the number of another store.
   * @param store which one it is of; empty where that is not known
   */
  async changes(since: number, limit: number, store = ''): Promise<ChangesPage | undefined> {
    const of = store === '' ? '' : `&store=${encodeURIComponent(store)}`;
    const path = `/v2/entries?since=${since}&limit=${limit}${of}`;
    const answer = await this.#ask({ method: 'GET', path });
    if (answer.status === 410 && since > 0) return undefined;
    return this.#read(answer, (text) => readChanges(text, since));
  }

  /**
   * What is under way is asked for again, over a new connection: to be called where the network was
   * away and is back, as the old one may wait long before it finds out.
   */
  renew(): void {
    this.#transport.close();
  }

  close(): void {
    this.#transport.close();
  }

  #ask(asking: Asking): Promise<Answered> {
    const signal = this.#signal;
    return patiently(() => this.#transport.ask({ ...asking, signal }), this.#patience, signal);
  }

  #read<T>({ status, body }: Answered, read: (body: Buffer) => T): T {
    if (status === 200) {
      try {
        return read(body);
      } catch (error) {
        if (!(error instanceof McblockError)) throw error;
        throw new McblockError('input', `${this.url} answers nonsense: ${error.message}`, {
          cause: error,
        });
      }
    }
    if (status === 401 || status === 403) {
      const advice =
        status === 401
          ? 'see to fleet.user and the file of fleet.password-file'
          : 'give the user the scopes report and read';
      throw new McblockError('config', `${this.url} does not let this machine in: ${advice}`);
    }
    throw new McblockError('program', `${this.url} answers ${status}: ${readReason(body)}`);
  }
}

function unacceptable({ body }: Answered): Reported {
  return { kind: 'unacceptable', reason: readReason(body) };
}
