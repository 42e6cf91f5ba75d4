import { createHash } from 'node:crypto';
import { McblockError } from '../errors.ts';
import { formatPrefix } from '../net/prefix-text.ts';
import type { Decoder } from '../validation/codec.ts';
import { FEED_BODY, FEED_NAME, FLEET_FEEDS, MAX_FEEDS } from '../validation/feeds.ts';
import type { Api } from './api.ts';
import { reporterOfRequest } from './authentication.ts';
import { CachedBody } from './cached-body.ts';
import type { FleetStore } from './fleet-store.ts';
import { sendCached } from './send-cached.ts';
import type { ServerLog } from './server-log.ts';

export interface FeedServices {
  readonly store: FleetStore;
  readonly log: ServerLog;
  readonly clock: () => number;
}

/** Distributes published lists that an administrator's machine has read for the whole fleet. */
export function addFeedRoutes(api: Api, { store: { feeds }, log, clock }: FeedServices): void {
  /** The latest answer for each feed; a thousand machines fetch the same. */
  const bodies = new Map<string, { readonly digest: string; readonly body: CachedBody }>();

  api.get(
    '/feeds',
    {
      config: { access: 'read' },
      schema: {
        summary: 'The feeds of the fleet',
        answers: {
          200: '`{"feeds": [{"name", "source", "at", "count", "digest"}]}`',
          304: 'unchanged',
        },
      },
    },
    async (request, reply) => {
      const all = FLEET_FEEDS.write({ feeds: await feeds.all() });
      return sendCached(request, reply, new CachedBody(`${JSON.stringify(all)}\n`));
    },
  );

  api.get(
    '/feeds/:name',
    {
      config: { access: 'read' },
      schema: {
        summary: 'The prefixes of a feed',
        params: feedName(),
        answers: { 200: '`{"name", "digest", "prefixes"}`', 404: 'there is no such feed' },
      },
    },
    async (request, reply) => {
      const name = request.params;
      const digest = (await feeds.all()).find((feed) => feed.name === name)?.digest;
      if (digest === undefined) return reply.code(404).send({ error: 'no such feed' });
      let held = bodies.get(name);
      if (held?.digest !== digest) {
        const list = await feeds.list(name);
        // It was removed meanwhile; with an empty list the machines would unblock all of it.
        if (list === undefined) return reply.code(404).send({ error: 'no such feed' });
        const text = `{"name":${JSON.stringify(name)},"digest":"${digest}","prefixes":${list}}\n`;
        held = { digest, body: new CachedBody(text) };
        bodies.set(name, held);
      }
      return sendCached(request, reply, held.body);
    },
  );

  api.put(
    '/feeds/:name',
    {
      config: { access: 'admin' },
      schema: {
        summary: 'Adds a feed, or replaces it',
        params: feedName(),
        body: FEED_BODY,
        answers: { 200: '`{"name", "count", "digest"}`', 400: 'nothing was changed' },
      },
    },
    async (request) => {
      const name = request.params;
      const { source, prefixes } = request.body;
      const known = await feeds.all();
      if (known.length >= MAX_FEEDS && known.every((feed) => feed.name !== name)) {
        throw new McblockError('input', `there are ${MAX_FEEDS} feeds; remove one first`);
      }
      const list = JSON.stringify(prefixes.map(formatPrefix));
      const digest = createHash('sha256').update(list).digest('base64url').slice(0, 22);
      await feeds.put({ name, source, at: clock(), count: prefixes.length, digest }, list);
      const { name: user } = reporterOfRequest(request);
      log.write('info', 'feed', { user, feed: name, count: prefixes.length });
      return { name, count: prefixes.length, digest };
    },
  );

  api.delete(
    '/feeds/:name',
    {
      config: { access: 'admin' },
      schema: {
        summary: 'Removes a feed',
        params: feedName(),
        answers: { 200: '`{"name"}`', 404: 'there is no such feed' },
      },
    },
    async (request, reply) => {
      const name = request.params;
      if (!(await feeds.remove(name))) return reply.code(404).send({ error: 'no such feed' });
      bodies.delete(name);
      log.write('info', 'feed', { user: reporterOfRequest(request).name, removed: name });
      return { name };
    },
  );
}

/** Reads the name at the end of `/v2/feeds/spamhaus-drop`. */
function feedName(): Decoder<string> {
  return {
    schema: { type: 'object', properties: { name: { type: 'string', pattern: FEED_NAME.source } } },
    isOptional: false,
    read: (value) => {
      const { name } = value as { readonly name: string };
      if (FEED_NAME.test(name)) return name;
      throw new McblockError('input', 'the path must end in the name of a feed');
    },
  };
}
