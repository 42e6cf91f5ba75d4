import { KEY_BODY, USER_KEYS } from '../validation/user-keys.ts';
import type { Api } from './api.ts';
import { reporterOfRequest } from './authentication.ts';
import { CachedBody } from './cached-body.ts';
import type { FleetStore } from './fleet-store.ts';
import { peerAddress } from './peer.ts';
import { sendCached } from './send-cached.ts';
import type { ServerLog } from './server-log.ts';

export interface KeyServices {
  readonly store: FleetStore;
  readonly log: ServerLog;
  readonly clock: () => number;
}

/** Distributes the keys that verify what the users publish. */
export function addKeyRoutes(api: Api, { store, log, clock }: KeyServices): void {
  api.get(
    '/keys',
    {
      config: { access: 'read' },
      schema: {
        summary: 'The public keys (Ed25519) of all users who have one and are not disabled',
        answers: { 200: '`{"keys": [{"name", "key", "since"}]}`', 304: 'unchanged' },
      },
    },
    async (request, reply) => {
      const keys = USER_KEYS.write({ keys: await store.keys() });
      return sendCached(request, reply, new CachedBody(`${JSON.stringify(keys)}\n`));
    },
  );

  api.put(
    '/key',
    {
      config: { access: 'report' },
      schema: {
        summary: 'Sets the public key of the user who asks, in place of the one before',
        body: KEY_BODY,
        answers: { 200: '`{"name", "key", "replaced"}`; replaced is null if there was none' },
      },
    },
    async (request) => {
      const { name } = reporterOfRequest(request);
      const { key } = request.body;
      const before = await store.setKey(name, key, clock());
      if (before !== key) {
        const change = { user: name, key, replaced: before || null };
        const level = before === '' ? 'info' : 'warning';
        log.write(level, 'key', { ...change, address: peerAddress(request) });
      }
      return { name, key, replaced: before === '' ? null : before };
    },
  );
}
