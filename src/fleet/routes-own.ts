import { PROMETHEUS_TYPE, prometheusText } from '../prometheus.ts';
import type { Api } from './api.ts';
import type { Listing } from './listing.ts';
import type { Metrics } from './metrics.ts';

/** Metrics and the OpenAPI document. */
export function addOwnRoutes(
  api: Api,
  listing: Listing,
  metrics: Metrics,
  countClaimed: () => Promise<number>,
  openApi: () => object,
): void {
  api.get(
    '/metrics',
    {
      config: { access: 'local' },
      schema: {
        summary: 'Metrics for Prometheus; without a password from the same host',
        answers: { 200: 'text' },
      },
    },
    async (_request, reply) => {
      const { count } = await listing.now();
      const all = metrics.all(count, await countClaimed(), await listing.sequence());
      return reply.type(PROMETHEUS_TYPE).send(prometheusText(all));
    },
  );

  api.get(
    '/openapi.json',
    {
      config: { access: 'open' },
      schema: { summary: 'This document', answers: { 200: 'OpenAPI' } },
    },
    async () => openApi(),
  );
}
