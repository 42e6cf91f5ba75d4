import type { onRequestAsyncHookHandler } from 'fastify';

/**
 * An onRequest hook that refuses what a browser sends for a page from elsewhere: a browser in which an
 * administrator has logged in adds the password to each request. Other clients send neither header.
 */
export const refuseForeign: onRequestAsyncHookHandler = async ({ method, headers }, reply) => {
  if (method === 'GET' || method === 'HEAD') return;
  const { origin, host = '', 'sec-fetch-site': site = 'none' } = headers;
  const isForeign = origin !== undefined && origin.replace(/^https?:\/\//, '') !== host;
  if (!isForeign && (site === 'same-origin' || site === 'none')) return;
  return reply.code(403).send({ error: 'requests from other sites may not change anything' });
};
