import type { RedisClientOptions } from '@redis/client';

/** Loads the client when it is first needed: commands that do not use Redis should not pay for it. */
export async function createRedis(options: RedisClientOptions) {
  const { createClient } = await import('@redis/client');
  return createClient(options);
}

export type Redis = Awaited<ReturnType<typeof createRedis>>;
