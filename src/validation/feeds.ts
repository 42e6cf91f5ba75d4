import { list, object } from './codec.ts';
import { matching, prefix, printableText, time, whole } from './values.ts';

/** A fleet has fewer feeds. */
export const MAX_FEEDS = 100;
const MAX_PREFIXES = 1_000_000;
const SOURCE_CHARACTERS = 2048;

/** The name of a feed. */
export const FEED_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/i;

const NAME = matching(FEED_NAME, 'the name of a feed');
const DIGEST = matching(/^[\w-]{1,64}$/, 'a digest');
const PREFIXES = list(prefix(1), MAX_PREFIXES);

/** The body of `PUT /v2/feeds/NAME`. */
export const FEED_BODY = object({ source: printableText(SOURCE_CHARACTERS), prefixes: PREFIXES });

/** The answer to `GET /v2/feeds`. */
export const FLEET_FEEDS = object({
  feeds: list(
    object({
      name: NAME,
      source: printableText(SOURCE_CHARACTERS),
      at: time(),
      count: whole(0, MAX_PREFIXES),
      digest: DIGEST,
    }),
    MAX_FEEDS,
  ),
});

/** The answer to `GET /v2/feeds/NAME`. */
export const FLEET_FEED = object({ name: NAME, digest: DIGEST, prefixes: PREFIXES });
