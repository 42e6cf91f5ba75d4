import type { PublisherSettings } from '../../engine/publish/ban-publisher.ts';
import { McblockError } from '../../errors.ts';
import type { Config } from './config.ts';
import { redisLocation, senderOf, signingKeyOf } from './pubsub-settings.ts';

/** Publishing does not wait longer for Redis; the API has the ban anyway. */
const TIME_LIMIT_MILLISECONDS = 2000;

/** Undefined if the configuration names no Redis. Throws McblockError('config'). */
export function publisherSettings(config: Config): PublisherSettings | undefined {
  if (config.get('pubsub.address') === '') return undefined;
  const [channel, plainChannel] = [
    config.get('pubsub.channel'),
    config.get('pubsub.plain-channel'),
  ];
  if (channel === plainChannel) {
    throw new McblockError(
      'config',
      `pubsub.channel and pubsub.plain-channel must differ, or machines with acacia would read messages as addresses`,
    );
  }
  return {
    location: redisLocation(config),
    sender: senderOf(config),
    key: signingKeyOf(config),
    channel,
    plainChannel: plainChannel === '' ? undefined : plainChannel,
    timeLimitMilliseconds: TIME_LIMIT_MILLISECONDS,
    now: Date.now,
  };
}
