import { McblockError } from '../../errors.ts';
import { Publisher } from '../../fleet/pubsub/publisher.ts';
import type { Config } from './config.ts';
import { fleetKeyOf, redisLocation, senderOf } from './listen-settings.ts';

/** Whoever publishes does not wait longer; the API has it anyway. */
const TIME_LIMIT_MILLISECONDS = 2000;

/**
 * What tells the others of bans at once; undefined where the configuration names no Redis. Connects
 * at once, so that the first ban goes out quickly. Throws McblockError('config').
 */
export function openPublisher(config: Config): Publisher | undefined {
  if (config.get('pubsub.address') === '') return undefined;
  const [channel, plainChannel] = [
    config.get('pubsub.channel'),
    config.get('pubsub.plain-channel'),
  ];
  if (channel === plainChannel) {
    throw new McblockError(
      'config',
      `pubsub.channel and pubsub.plain-channel are both "${channel}": acacia's machines would take our messages for addresses; name two channels, or give pubsub.plain-channel "" where there are none`,
    );
  }
  return new Publisher(redisLocation(config), {
    sender: senderOf(config),
    key: fleetKeyOf(config),
    channel,
    plainChannel: plainChannel === '' ? undefined : plainChannel,
    timeLimitMilliseconds: TIME_LIMIT_MILLISECONDS,
    now: Date.now,
  });
}
