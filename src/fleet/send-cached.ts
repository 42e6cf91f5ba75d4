import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CachedBody } from './cached-body.ts';

/** Answers 304 to a client that has the body already, and compresses it for one that accepts gzip. */
export async function sendCached(
  request: FastifyRequest,
  reply: FastifyReply,
  body: CachedBody,
): Promise<FastifyReply> {
  reply.headers({ etag: body.etag, 'cache-control': 'no-cache', vary: 'accept-encoding' });
  if (isKnown(request.headers['if-none-match'], body.etag)) return reply.code(304).send();
  reply.header('content-type', 'application/json');
  const gzipped = acceptsGzip(request.headers['accept-encoding'])
    ? await body.gzipped()
    : undefined;
  if (gzipped === undefined) return reply.send(body.plain);
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
function acceptsGzip(header: string | string[] | undefined): boolean {
  const wanted = /(?:^|,)\s*gzip\s*(?:;\s*q=([\d.]+))?\s*(?:,|$)/i.exec(String(header ?? ''));
  return wanted !== null && Number(wanted[1] ?? 1) > 0;
}
