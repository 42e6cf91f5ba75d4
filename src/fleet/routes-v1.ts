import { McblockError } from '../errors.ts';
import { parsePrefix } from '../net/prefix-text.ts';
import { limitFault } from './limits.ts';
import type { Listing, ListOrder } from './listing.ts';
import type { Metrics } from './metrics.ts';
import type { ListReport, Reporter } from './report.ts';
import { type Answer, type Asked, type Route, userOf } from './route.ts';
import { reporterOf } from './user.ts';
import { readDeletions, readListings } from './wire-v1.ts';
import type { Writer } from './writer.ts';

const SAMPLE_ROWS = ['198.51.100.0/26', '198.51.100.212', '203.0.113.123', '192.0.2.24'];

const IP = { type: 'string', description: 'an address or a prefix' };

/** Version 1: the protocol of acacia's clients. */
export function routesV1(
  listing: Listing,
  writer: Writer,
  metrics: Metrics,
  mostItems: number,
): Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/pf',
      access: 'read',
      summary: 'Every prefix that is blocked, `[["192.0.2.1/32"], ...]`',
      query: { order: '`ip`: IPv4 first, by address; else in order of insertion' },
      answers: { 200: 'the list', 304: 'it is as it was', 400: 'another order' },
      handle: async ({ query }) => {
        const order = orderOf(query.get('order'));
        if (order === undefined) return { status: 400, value: { error: 'Bad Request' } };
        return { status: 200, copy: (await listing.now()).copy(order) };
      },
    },
    {
      method: 'POST',
      path: '/v1/pf',
      access: 'report',
      summary:
        'Blocks these prefixes, as JSON or as a form of one; all or, where one is wrong, none',
      body: listSchema({ IP, source: { type: 'string', description: 'why' } }, mostItems),
      answers: { 204: 'done', 400: 'one of them is wrong; nothing was changed' },
      handle: async (asked) => {
        const by = reporterOf(userOf(asked));
        let reports: ListReport[];
        try {
          reports = readListings(asked.body, mostItems);
          reports.forEach((report, index) => refuseTooWide(report, by, index));
        } catch (error) {
          if (!isFilled(asked.body) || !(error instanceof McblockError)) throw error;
          // Of a list acacia says what is wrong as a bare text.
          return { status: 400, value: error.message };
        }
        metrics.countReports(await writer.submit({ by, reports, reset: false }));
        return NOTHING;
      },
    },
    {
      method: 'DELETE',
      path: '/v1/pf',
      access: 'report',
      summary: 'Expires these prefixes, whether they are there or not; their history is kept',
      body: listSchema({ IP }, mostItems),
      answers: { 204: 'done', 400: 'one of them is wrong; nothing was changed' },
      handle: async (asked) => {
        const by = reporterOf(userOf(asked));
        const prefixes = readDeletions(asked.body, mostItems);
        const reports = prefixes.map(
          (prefix) => ({ kind: 'expire', key: undefined, prefix }) as const,
        );
        metrics.countReports(await writer.submit({ by, reports, reset: false }));
        return NOTHING;
      },
    },
    {
      method: 'GET',
      path: '/v1/pf-init',
      access: 'admin',
      summary: 'Expires everything and blocks the four sample rows; for tests of a client',
      answers: { 204: 'done' },
      handle: (asked) => reset(asked, writer),
    },
  ];
}

/** JSON in name, as acacia's clients look at the type of every answer. */
const NOTHING: Answer = { status: 204, type: 'application/json' };

async function reset(asked: Asked, writer: Writer): Promise<Answer> {
  const reports = SAMPLE_ROWS.map(
    (row): ListReport => ({ kind: 'list', prefix: parsePrefix(row), source: 'pf-init' }),
  );
  await writer.submit({ by: reporterOf(userOf(asked)), reports, reset: true });
  return NOTHING;
}

function orderOf(text: string | null): ListOrder | undefined {
  if (text === null) return 'insertion';
  return text.toLowerCase() === 'ip' ? 'ip' : undefined;
}

function refuseTooWide(report: ListReport, by: Reporter, index: number): void {
  const fault = limitFault(report, by, 0);
  if (fault !== undefined) throw new McblockError('input', `item ${index}: ${fault}`);
}

function listSchema(properties: Readonly<Record<string, object>>, maxItems: number): object {
  const items = { type: 'object', properties, required: Object.keys(properties) };
  return { type: 'array', maxItems, items };
}

function isFilled(body: unknown): boolean {
  return Array.isArray(body) && body.length > 0;
}
