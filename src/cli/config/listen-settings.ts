import type { ListenSettings } from '../../engine/listen/listen-daemon.ts';
import { McblockError } from '../../errors.ts';
import type { Channel } from '../../fleet/pubsub/channel.ts';
import { wordPattern } from '../../fleet/pubsub/command-argument.ts';
import { parseEndpoint } from '../../fleet/pubsub/endpoint.ts';
import { Keyring } from '../../fleet/pubsub/keyring.ts';
import type { AcaciaConfig } from './acacia.ts';
import type { ChannelSetting } from './channels.ts';
import type { Config } from './config.ts';
import { policyOf } from './policies.ts';
import { redisLocation, senderOf, signingKeyOf } from './pubsub-settings.ts';

/** The user that the daemon runs as. Empty: the one who started it. */
interface DaemonUser {
  readonly user: string;
  readonly group: string;
}

/**
 * The daemon's settings; certificates and keys are read. Values from acacia's configuration win.
 * Throws McblockError('config').
 */
export function listenSettings(config: Config, acacia?: AcaciaConfig): ListenSettings & DaemonUser {
  const channels = new Map([...config.get('listen.channels'), ...(acacia?.channels ?? [])]);
  const status = acacia?.status ?? config.get('listen.status');
  const key = signingKeyOf(config);
  return {
    redis: redisLocation(config, acacia),
    channels: Array.from(channels, ([name, setting]) =>
      channelOf(name, setting, key !== undefined),
    ),
    key,
    rules: {
      keys: key && new Keyring(),
      self: senderOf(config),
      widest4: config.get('limits.user-widest4'),
      widest6: config.get('limits.user-widest6'),
      auto: policyOf(config).auto,
      maxAgeSeconds: config.get('listen.max-age'),
    },
    limits: {
      atOnce: config.get('listen.commands'),
      waiting: config.get('listen.queue'),
      timeLimitSeconds: config.get('listen.time-limit'),
    },
    catchUpSeconds: Math.max(1, config.get('listen.catch-up')),
    status: status === '' ? undefined : parseEndpoint(status, 'listen.status'),
    user: acacia?.user ?? config.get('listen.user'),
    group: acacia?.user === undefined ? config.get('listen.group') : '',
  };
}

function channelOf(name: string, setting: ChannelSetting, isVerified: boolean): Channel {
  if (setting === 'block') return { name, isPlain: false, action: { kind: 'block' } };
  const isPlain = setting.plain === true;
  if ('block' in setting) return { name, isPlain, action: { kind: 'block' } };
  const { command, carries, words = '' } = setting;
  if (isVerified && carries === 'word' && !isPlain) {
    throw new McblockError(
      'config',
      `listen.channels.${name}: words are not signed; add plain = true to accept them from anybody`,
    );
  }
  return {
    name,
    isPlain,
    action: {
      kind: 'command',
      argv: command,
      carries: carries === 'word' ? { words: wordPattern(words) } : carries,
    },
  };
}
