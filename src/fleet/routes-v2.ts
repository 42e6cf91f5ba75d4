import type { Api } from './api.ts';
import { reporterOfRequest } from './authentication.ts';
import type { Contacts } from './contacts.ts';
import type { FleetStore } from './fleet-store.ts';
import type { Pages } from './pages.ts';
import { query, textParameter, wholeParameter } from './query.ts';
import { sendCached } from './send-cached.ts';
import {
  allowDecoder,
  allowedJson,
  historyJson,
  pathPrefix,
  reportsDecoder,
  resultJson,
} from './wire.ts';
import type { ReportCounted, Writer } from './writer.ts';

/** On a page, which then has some 5 MB. */
const MAX_CHANGES = 10_000;

export interface V2Services {
  readonly store: FleetStore;
  readonly writer: Writer;
  readonly report: ReportCounted;
  readonly pages: Pages;
  readonly contacts: Contacts;
  readonly maxItems: number;
}

/** Version 2: the protocol of mcblock's own clients. */
export function addRoutesV2(
  api: Api,
  { store, writer, report, pages, contacts, maxItems }: V2Services,
): void {
  api.post(
    '/reports',
    {
      config: { access: 'report' },
      schema: {
        summary:
          'Reports offences, blocks and expiries; one whose `key` this user sent before is ignored, and a pending one whose `key` anybody sent',
        body: reportsDecoder(maxItems),
        answers: { 200: 'one result for each report, in order', 400: 'nothing was changed' },
      },
    },
    async (request) => {
      const results = await report(reporterOfRequest(request), request.body.reports);
      return { results: results.map(resultJson) };
    },
  );

  api.get(
    '/entries',
    {
      config: { access: 'read' },
      schema: {
        summary:
          'What changed after a number, including the allow-list and expiries by hand, and the next number to ask with',
        querystring: query({
          since: wholeParameter(
            '`next` of an earlier answer; 0 gives a full copy',
            0,
            0,
            Number.MAX_SAFE_INTEGER,
          ),
          store: textParameter('`store` of that answer, which tells whether the number is ours'),
          limit: wholeParameter('how many changes to send at most', MAX_CHANGES, 1, MAX_CHANGES),
        }),
        answers: {
          200: '`{"store", "next", "more", "latest", "changes"}`',
          304: 'unchanged',
          410: 'the number is that of another store',
        },
      },
    },
    async (request, reply) => {
      const { since, limit, store: identity } = request.query;
      const page = await pages.since(since, limit, identity);
      if (page !== undefined) {
        contacts.fetched(reporterOfRequest(request).name, page.next);
        return sendCached(request, reply, page.body);
      }
      const error = `${since} is not a number of this store; fetch a full copy with since=0`;
      return reply.code(410).send({ error });
    },
  );

  api.get(
    '/entries/:address/:length',
    {
      config: { access: 'read' },
      schema: {
        summary: 'One entry with its history and evidence',
        params: pathPrefix(),
        answers: { 200: 'the entry', 404: 'there is no entry for this prefix' },
      },
    },
    async (request, reply) => {
      const history = await store.history(request.params);
      if (history !== undefined) return historyJson(history);
      return reply.code(404).send({ error: 'no such entry' });
    },
  );

  api.get(
    '/allow',
    {
      config: { access: 'read' },
      schema: { summary: "The fleet's allow-list", answers: { 200: 'a list' } },
    },
    async () => (await store.allowed()).filter(({ removed }) => !removed).map(allowedJson),
  );

  for (const kind of ['allow', 'disallow'] as const) {
    api.route({
      method: kind === 'allow' ? 'POST' : 'DELETE',
      url: '/allow',
      config: { access: 'admin' },
      schema: {
        summary:
          kind === 'allow'
            ? "Adds a prefix to the fleet's allow-list"
            : "Removes a prefix from the fleet's allow-list",
        body: allowDecoder(kind),
        answers: { 200: 'the outcome', 400: 'nothing was changed' },
      },
      handler: async (request) => {
        const by = reporterOfRequest(request);
        const results = await writer.submit({ by, reports: [request.body], reset: false });
        return results.map(resultJson)[0];
      },
    });
  }
}
