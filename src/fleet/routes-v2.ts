import { McblockError } from '../errors.ts';
import { FAMILY_BITS } from '../net/address.ts';
import { parseAddress } from '../net/address-text.ts';
import type { Prefix } from '../net/prefix.ts';
import { parsePrefix } from '../net/prefix-text.ts';
import type { FleetStore } from './fleet-store.ts';
import type { Metrics } from './metrics.ts';
import type { Pages } from './pages.ts';
import { type Answer, type Asked, type Route, userOf } from './route.ts';
import { reporterOf } from './user.ts';
import { allowedJson, allowField, historyJson, reportsField, resultJson } from './wire.ts';
import type { Writer } from './writer.ts';

const PAGE = { usual: 10_000, most: 100_000 };

export interface PartsV2 {
  readonly store: FleetStore;
  readonly writer: Writer;
  readonly pages: Pages;
  readonly metrics: Metrics;
  readonly mostItems: number;
}

/** Version 2: what mcblock's own clients speak. */
export function routesV2({ store, writer, pages, metrics, mostItems }: PartsV2): Route[] {
  const reports = reportsField(mostItems);
  return [
    {
      method: 'POST',
      path: '/v2/reports',
      access: 'report',
      summary:
        'Reports offences, blocks and expiries; one whose `key` is known from this user counts nothing',
      body: reports.schema,
      answers: { 200: 'one result for each report, in their order', 400: 'nothing was changed' },
      handle: async (asked) => {
        const read = reports.read(asked.body, '');
        const by = reporterOf(userOf(asked));
        const results = await writer.submit({ by, reports: read.reports, reset: false });
        metrics.countReports(results);
        return { status: 200, value: { results: results.map(resultJson) } };
      },
    },
    {
      method: 'GET',
      path: '/v2/entries',
      access: 'read',
      summary:
        'What changed after a number, allow-list and expiries by hand included, and the next number to ask with',
      query: {
        since: '`next` of an earlier answer; 0, as when it is left out, is a full copy',
        store: '`store` of that answer: whether the number is of this store is found out by it',
        limit: `at most so many changes, 1 to ${PAGE.most}; ${PAGE.usual} if left out`,
      },
      answers: {
        200: '`{"store", "next", "more", "latest", "changes"}`',
        304: 'it is as it was',
        410: 'the number is that of another store',
      },
      handle: async ({ query }) => {
        const since = numberOf(query, 'since', 0, 0, Number.MAX_SAFE_INTEGER);
        const limit = numberOf(query, 'limit', PAGE.usual, 1, PAGE.most);
        const copy = await pages.since(since, limit, query.get('store'));
        if (copy !== undefined) return { status: 200, copy };
        const error = `${since} is no number of this store; fetch a full copy, with since=0`;
        return { status: 410, value: { error } };
      },
    },
    {
      method: 'GET',
      path: '/v2/entries/:address/:length',
      access: 'read',
      summary: 'One entry with its history, and who said what of it',
      answers: { 200: 'the entry', 404: 'there is none of this prefix' },
      handle: async ({ params }) => {
        const history = await store.history(prefixOf(params));
        if (history === undefined)
          return { status: 404, value: { error: 'there is no such entry' } };
        return { status: 200, value: historyJson(history) };
      },
    },
    {
      method: 'GET',
      path: '/v2/allow',
      access: 'read',
      summary: "The fleet's allow-list",
      answers: { 200: 'a list' },
      handle: async () => ({
        status: 200,
        value: (await store.allowed()).filter(({ removed }) => !removed).map(allowedJson),
      }),
    },
    ...(['allow', 'disallow'] as const).map((kind): Route => {
      const field = allowField(kind);
      return {
        method: kind === 'allow' ? 'POST' : 'DELETE',
        path: '/v2/allow',
        access: 'admin',
        summary: `${kind === 'allow' ? 'Puts a prefix on' : 'Takes a prefix off'} the allow-list of the fleet`,
        body: field.schema,
        answers: { 200: 'what became of it', 400: 'nothing was changed' },
        handle: async (asked): Promise<Answer> => {
          const by = reporterOf(userOf(asked));
          const wanted = field.read(asked.body, '');
          const [result] = await writer.submit({ by, reports: [wanted], reset: false });
          return { status: 200, value: result === undefined ? null : resultJson(result) };
        },
      };
    }),
  ];
}

function numberOf(
  query: Asked['query'],
  name: string,
  fallback: number,
  least: number,
  most: number,
): number {
  const text = query.get(name);
  if (text === null) return fallback;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new McblockError('input', `${name} must be a whole number from ${least} to ${most}`);
}

function prefixOf({ address = '', length = '' }: Asked['params']): Prefix {
  const family = parseAddress(address)?.family;
  if (family === undefined || !/^\d{1,3}$/.test(length) || Number(length) > FAMILY_BITS[family]) {
    throw new McblockError('input', 'the path must end in a prefix such as 192.0.2.0/24');
  }
  return parsePrefix(`${address}/${length}`);
}
