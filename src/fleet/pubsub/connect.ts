import type { RedisClientOptions } from '@redis/client';

/** Loaded when it is first needed: no command but those that ring or hear pays for it. */
export async function createRedis(options: RedisClientOptions) {
  const { createClient } = await import('@redis/client');
  return createClient(options);
}

export type Redis = Awaited<ReturnType<typeof createRedis>>;
