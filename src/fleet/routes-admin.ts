import type { FastifyReply } from 'fastify';
import { ADMIN_POLICY, adminPageOf } from './admin-page.ts';
import type { Api } from './api.ts';
import type { OverviewSource } from './overview.ts';
import { DATA_POLICY, GUARD_HEADERS } from './web-page.ts';

/** The page for administrators. It only reads. */
export function addAdminRoutes(api: Api, overview: OverviewSource): void {
  const config = { access: 'admin' } as const;

  api.get(
    '/admin',
    {
      config,
      schema: { summary: "The administrators' page", answers: { 200: 'an HTML document' } },
    },
    async (_request, reply) => {
      const { json } = await overview.get();
      return guarded(reply, ADMIN_POLICY).type('text/html; charset=utf-8').send(adminPageOf(json));
    },
  );

  api.get(
    '/admin/overview.json',
    {
      config,
      schema: {
        summary: 'Users with their last contact, version, lag, reports and budget; the last bans',
        answers: { 200: 'an object' },
      },
    },
    async (_request, reply) => guarded(reply, DATA_POLICY).send((await overview.get()).json),
  );

  api.get(
    '/admin/map',
    {
      config,
      schema: {
        summary: 'How much of each IPv4 /16 is blocked, from 0 to 9, along a Hilbert curve',
        answers: { 200: '65,536 bytes' },
      },
    },
    async (_request, reply) =>
      guarded(reply, DATA_POLICY)
        .type('application/octet-stream')
        .send(Buffer.from((await overview.get()).map)),
  );
}

function guarded(reply: FastifyReply, policy: string): FastifyReply {
  return reply.headers({ ...GUARD_HEADERS, 'content-security-policy': policy });
}
