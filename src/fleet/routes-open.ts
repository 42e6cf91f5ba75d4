import type { Api } from './api.ts';
import type { Listing } from './listing.ts';
import { peerAddress } from './peer.ts';

/** acacia has four sample rows; a shorter list than this has lost some. */
const MIN_ROWS = 3;

/** acacia's routes that anybody may use. */
export function addOpenRoutes(api: Api, listing: Listing): void {
  const config = { access: 'open' } as const;

  api.get(
    '/',
    { config, schema: { summary: 'Answers that the server is up', answers: { 200: 'a text' } } },
    async (_request, reply) => reply.type('application/json').send('"Hello world!"'),
  );

  api.get(
    '/ip',
    {
      config,
      schema: { summary: "The client's address", answers: { 200: '`{"origin": ADDRESS}`' } },
    },
    async (request) => ({ origin: peerAddress(request) }),
  );

  api.get(
    '/ua',
    {
      config,
      schema: { summary: "The client's user agent", answers: { 200: '`{"User-Agent": TEXT}`' } },
    },
    async ({ headers }) => ({ 'User-Agent': headers['user-agent'] ?? null }),
  );

  api.get(
    '/v2/healthcheck',
    {
      config,
      schema: {
        summary: 'Whether the list can be read and is not empty',
        answers: { 200: '`"OK"`', 500: `fewer than ${MIN_ROWS} prefixes are blocked` },
      },
    },
    async (_request, reply) => {
      const { count } = await listing.now();
      if (count >= MIN_ROWS) return reply.type('application/json').send('"OK"');
      return reply.code(500).send({ error: 'Too few results, check health' });
    },
  );
}
