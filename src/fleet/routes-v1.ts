import type { FastifyReply, FastifyRequest } from 'fastify';
import { McblockError } from '../errors.ts';
import { formatPrefix, parsePrefix } from '../net/prefix-text.ts';
import type { Api } from './api.ts';
import { reporterOfRequest } from './authentication.ts';
import type { Listing } from './listing.ts';
import type { ListReport, ReportResult } from './report.ts';
import { sendCached } from './send-cached.ts';
import type { ServerLog } from './server-log.ts';
import { deletionsDecoder, listingsDecoder, orderQuery } from './wire-v1.ts';
import type { ReportCounted, Writer } from './writer.ts';

const SAMPLE_ROWS = ['198.51.100.0/26', '198.51.100.212', '203.0.113.123', '192.0.2.24'];
const FORM = 'application/x-www-form-urlencoded';

export interface V1Services {
  readonly listing: Listing;
  readonly writer: Writer;
  readonly report: ReportCounted;
  readonly log: ServerLog;
}

/** Rows in one transaction: a whole old list must not keep other requests waiting. */
const MAX_ROWS_AT_ONCE = 2000;
/** Rows that were declined, in the log. */
const MAX_LOGGED = 10;

/** Version 1: the protocol of acacia's clients. To be registered under /v1. */
export function addRoutesV1(api: Api, services: V1Services): void {
  const { listing, writer, report, log } = services;
  api.addContentTypeParser(
    FORM,
    { parseAs: 'string' },
    async (_request: unknown, body: string) => new URLSearchParams(body),
  );
  api.addContentTypeParser(/^multipart\/form-data/, { parseAs: 'buffer' }, readMultipart);
  api.addContentTypeParser(
    /^application\/[\w.-]+\+json/,
    { parseAs: 'string' },
    api.getDefaultJsonParser('error', 'error'),
  );

  api.get(
    '/pf',
    {
      config: { access: 'read' },
      schema: {
        summary: 'Every prefix that is blocked, `[["192.0.2.1/32"], ...]`',
        querystring: orderQuery(),
        answers: { 200: 'the list', 304: 'unchanged', 400: 'unknown order' },
      },
    },
    async (request, reply) =>
      sendCached(request, reply, (await listing.now()).body(request.query.order)),
  );

  api.post(
    '/pf',
    {
      config: { access: 'report' },
      schema: {
        summary:
          'Blocks these prefixes, given as JSON or as a form of one; those that are protected or too wide are left out, and logged',
        body: listingsDecoder(),
        answers: { 204: 'done', 400: 'one of them is wrong; nothing was changed' },
      },
      errorHandler: sendListFault,
    },
    async (request, reply) => {
      const by = reporterOfRequest(request);
      const declined: string[] = [];
      for (let from = 0; from < request.body.length; from += MAX_ROWS_AT_ONCE) {
        const reports = request.body.slice(from, from + MAX_ROWS_AT_ONCE);
        declined.push(...declinedTexts(reports, await report(by, reports)));
      }
      if (declined.length > 0) {
        const rows = declined.slice(0, MAX_LOGGED).join('; ');
        log.write('warning', 'declined', { user: by.name, count: declined.length, rows });
      }
      return sendNothing(reply);
    },
  );

  api.delete(
    '/pf',
    {
      config: { access: 'report' },
      schema: {
        summary: 'Expires these prefixes, whether they are there or not; their history is kept',
        body: deletionsDecoder(),
        answers: { 204: 'done', 400: 'one of them is wrong; nothing was changed' },
      },
    },
    async (request, reply) => {
      await report(reporterOfRequest(request), request.body);
      return sendNothing(reply);
    },
  );

  api.get(
    '/pf-init',
    {
      config: { access: 'admin' },
      schema: {
        summary: 'Expires everything and blocks the four sample rows; for tests of a client',
        answers: { 204: 'done' },
      },
    },
    async (request, reply) => {
      const by = reporterOfRequest(request);
      await writer.submit({ by, reports: SAMPLE_ROWS.map(sampleReport), reset: true });
      return sendNothing(reply);
    },
  );
}

/** acacia reports what is wrong with a list as a bare text. */
function sendListFault(error: unknown, { body, headers }: FastifyRequest, reply: FastifyReply) {
  const isForm = headers['content-type']?.startsWith(FORM) ?? false;
  const isList = !isForm && Array.isArray(body) && body.length > 0;
  if (!isList || !(error instanceof McblockError) || error.code !== 'input') throw error;
  return reply.code(400).type('application/json').send(JSON.stringify(error.message));
}

/** acacia's clients look at the content type of every answer, even of an empty one. */
function sendNothing(reply: FastifyReply): FastifyReply {
  return reply.code(204).type('application/json').send();
}

function sampleReport(row: string): ListReport {
  return { kind: 'list', prefix: parsePrefix(row), source: 'pf-init' };
}

function declinedTexts(
  reports: readonly ListReport[],
  results: readonly ReportResult[],
): readonly string[] {
  return reports.flatMap(({ prefix }, index) => {
    const reason = results[index]?.reason ?? '';
    return reason === '' ? [] : [`${formatPrefix(prefix)}: ${reason}`];
  });
}

/** A form of one row. Files in it are left out. */
async function readMultipart(request: FastifyRequest, body: Buffer): Promise<URLSearchParams> {
  const headers = { 'content-type': request.headers['content-type'] ?? '' };
  try {
    const form = await new Response(body, { headers }).formData();
    const fields = new URLSearchParams();
    for (const [name, value] of form) if (typeof value === 'string') fields.set(name, value);
    return fields;
  } catch (cause) {
    throw new McblockError('input', 'Bad Request: not a form', { cause });
  }
}
