import type { FastifyReply } from 'fastify';

/** Refuses a request that may be sent again after this many seconds. */
export function sendLater(
  reply: FastifyReply,
  status: 429 | 503,
  seconds: number,
  error: string,
): FastifyReply {
  return reply.code(status).header('retry-after', String(seconds)).send({ error });
}
