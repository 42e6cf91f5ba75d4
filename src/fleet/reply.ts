import type { FastifyReply, FastifyRequest } from 'fastify';
import { McblockError } from '../errors.ts';
import type { CachedBody } from './cached-body.ts';
import type { Answer } from './route.ts';

const JSON_TYPE = 'application/json';

/** Sends the answer; what many fetch only to who has not got it, and compressed where he can read it. */
export async function send(
  request: FastifyRequest,
  reply: FastifyReply,
  { status, value, copy, text, type = JSON_TYPE, headers = {} }: Answer,
): Promise<FastifyReply> {
  reply.code(status).headers(headers).header('content-type', type);
  if (copy !== undefined) return sendCopy(request, reply, copy);
  if (text !== undefined) return reply.send(text);
  // As bytes: to a text Fastify would add a charset, which acacia's type has not.
  return reply.send(value === undefined ? undefined : Buffer.from(`${JSON.stringify(value)}\n`));
}

/** What a fault is answered with. Of a fault of our own only that there was one. */
export function faultAnswer(error: unknown): Answer {
  if (error instanceof McblockError) {
    if (error.code === 'input' || error.code === 'usage') {
      return { status: 400, value: { error: error.message } };
    }
    const headers = { 'retry-after': '10' };
    return { status: 503, value: { error: 'the store cannot be used at present' }, headers };
  }
  const status = statusOf(error);
  if (status < 400 || status >= 500)
    return { status: 500, value: { error: 'Internal Server Error' } };
  return { status, value: { error: error instanceof Error ? error.message : 'Bad Request' } };
}

async function sendCopy(
  request: FastifyRequest,
  reply: FastifyReply,
  copy: CachedBody,
): Promise<FastifyReply> {
  reply.headers({ etag: copy.etag, 'cache-control': 'no-cache', vary: 'accept-encoding' });
  if (isKnown(request.headers['if-none-match'], copy.etag)) {
    return reply.code(304).removeHeader('content-type').send();
  }
  const gzipped = takesGzip(request.headers['accept-encoding']) ? await copy.gzipped() : undefined;
  if (gzipped === undefined) return reply.send(copy.plain);
  return reply.header('content-encoding', 'gzip').send(gzipped);
}

/** Weak comparison (RFC 9110, 13.1.2). */
function isKnown(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((tag) => tag.trim() === '*' || opaque(tag) === opaque(etag));
}

function opaque(tag: string): string {
  return tag.trim().replace(/^W\//, '');
}

/** `gzip`, and not `gzip;q=0`. */
function takesGzip(header: string | string[] | undefined): boolean {
  const wanted = /(?:^|,)\s*gzip\s*(?:;\s*q=([\d.]+))?\s*(?:,|$)/i.exec(String(header ?? ''));
  return wanted !== null && Number(wanted[1] ?? 1) > 0;
}

function statusOf(error: unknown): number {
  const status =
    typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : 500;
  return typeof status === 'number' ? status : 500;
}
