import { hostname } from 'node:os';
import { McblockError } from '../../errors.ts';
import { PrefixList } from '../../net/prefix-list.ts';
import { list } from '../../validation/codec.ts';
import { prefix } from '../../validation/values.ts';
import { readReason } from './answers.ts';
import type { KeyedReport, ReportResponse } from './report-response.ts';
import type { ApiRequest, ApiResponse } from './transport.ts';

const MAX_ROWS = 10_000_000;
/** `[["209.229.0.0/16"], ["219.229.0.2/32"]]` */
const ROWS = list(list(prefix(0), 1), MAX_ROWS);

type Method = 'POST' | 'DELETE';

/**
 * A client of acacia's own API, which is version 1: a list of prefixes, each blocked until somebody
 * deletes it. Throws as FleetClient does.
 */
export class Version1Client {
  readonly url: string;
  readonly #send: (request: ApiRequest) => Promise<ApiResponse>;

  constructor(url: string, send: (request: ApiRequest) => Promise<ApiResponse>) {
    this.url = url;
    this.#send = send;
  }

  /** Everything that the API lists. */
  async listed(): Promise<PrefixList> {
    const response = await this.#send({ method: 'GET', path: '/v1/pf' });
    if (response.status !== 200) throw this.#fault(response);
    try {
      const rows = ROWS.read(JSON.parse(response.body.toString('utf8')), '');
      return PrefixList.from(rows.flat());
    } catch (error) {
      const reason = error instanceof McblockError ? error.message : 'not JSON';
      throw new McblockError('input', `${this.url}: invalid answer: ${reason}`, { cause: error });
    }
  }

  /** Adds what is blocked to the list, and deletes what is expired or withdrawn from it. */
  async report(reports: readonly KeyedReport[]): Promise<ReportResponse> {
    for (let from = 0; from < reports.length; ) {
      const method = methodOf(reports[from]);
      const others = reports.slice(from).findIndex((one) => methodOf(one) !== method);
      const to = others < 0 ? reports.length : from + others;
      const body = reports.slice(from, to).map(({ report }) => rowOf(report));
      const response = await this.#send({ method, path: '/v1/pf', body });
      if (response.status === 400) return { kind: 'malformed', reason: readReason(response.body) };
      if (response.status !== 204 && response.status !== 200) throw this.#fault(response);
      from = to;
    }
    return { kind: 'processed', results: reports.map(() => ({ outcome: 'listed', reason: '' })) };
  }

  async allow(): Promise<ReportResponse> {
    return { kind: 'forbidden', reason: 'acacia has no allow-list' };
  }

  async revision(): Promise<number> {
    return 0;
  }

  #fault({ status }: ApiResponse): McblockError {
    if (status === 404) {
      return new McblockError('program', `${this.url}: no API there; check fleet.url`);
    }
    // acacia hides that a login is wrong.
    const advice = status >= 500 ? '; check fleet.user and fleet.password-file' : '';
    return new McblockError('program', `${this.url}: acacia answers status ${status}${advice}`);
  }
}

function methodOf(item: KeyedReport | undefined): Method {
  const type = item?.report['type'];
  return type === 'expire' || type === 'withdraw' ? 'DELETE' : 'POST';
}

/** `{"IP": "192.0.2.7/32", "source": "web1/brutessh"}` */
function rowOf(report: KeyedReport['report']): object {
  const { prefix: blocked, address, service, message, note } = report;
  const words =
    message === undefined ? [note || 'manual'] : service === 'pf' ? [message] : [service, message];
  return { IP: blocked ?? address, source: `${hostname()}/${words.join(':')}` };
}
