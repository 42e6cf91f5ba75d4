import type { Listing } from './listing.ts';
import type { Route } from './route.ts';

/** acacia's sample rows are four; a list with fewer than three has lost some. */
const FEWEST_ROWS = 3;

/** What anybody may ask, as acacia has it. */
export function openRoutes(listing: Listing): Route[] {
  return [
    {
      method: 'GET',
      path: '/',
      access: 'open',
      summary: 'Says that the server is there',
      answers: { 200: 'a text' },
      handle: () => ({ status: 200, value: 'Hello world!' }),
    },
    {
      method: 'GET',
      path: '/ip',
      access: 'open',
      summary: 'The address that the request comes from',
      answers: { 200: '`{"origin": ADDRESS}`' },
      handle: ({ address }) => ({ status: 200, value: { origin: address } }),
    },
    {
      method: 'GET',
      path: '/ua',
      access: 'open',
      summary: 'The program that the request says it comes from',
      answers: { 200: '`{"User-Agent": TEXT}`' },
      handle: ({ headers }) => ({
        status: 200,
        value: { 'User-Agent': headers['user-agent'] ?? null },
      }),
    },
    {
      method: 'GET',
      path: '/v2/healthcheck',
      access: 'open',
      summary: 'Whether the list can be read and is not empty',
      answers: { 200: '`"OK"`', 500: `fewer than ${FEWEST_ROWS} prefixes are blocked` },
      handle: async () => {
        const { count } = await listing.now();
        return count >= FEWEST_ROWS
          ? { status: 200, value: 'OK' }
          : { status: 500, value: { error: 'Too few results, check health' } };
      },
    },
  ];
}
