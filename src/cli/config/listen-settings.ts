import { hostname } from 'node:os';
import { McblockError } from '../../errors.ts';
import { wordPattern } from '../../fleet/pubsub/carried.ts';
import type { Channel } from '../../fleet/pubsub/channel.ts';
import type { CommandLimits } from '../../fleet/pubsub/command-queue.ts';
import {
  type Endpoint,
  type Identity,
  parseEndpoint,
  refuseInTheClear,
} from '../../fleet/pubsub/endpoint.ts';
import { type FleetKey, readFleetKey } from '../../fleet/pubsub/fleet-key.ts';
import { isSender } from '../../fleet/pubsub/message-text.ts';
import type { RedisLocation } from '../../fleet/pubsub/redis-options.ts';
import type { VerificationRules } from '../../fleet/pubsub/verify.ts';
import type { AcaciaConfig } from './acacia.ts';
import type { ChannelSetting } from './channels.ts';
import type { Config } from './config.ts';
import { checkTls, readPem } from './pem.ts';

/** All that the daemon is told; certificates and keys are read already. */
export interface ListenSetup {
  readonly place: RedisLocation;
  readonly channels: readonly Channel[];
  readonly rules: VerificationRules;
  readonly limits: CommandLimits;
  /** Whoever hears every message asks the API all the same, so often. */
  readonly catchUpSeconds: number;
  /** Undefined: nowhere. */
  readonly status: Endpoint | undefined;
  /** Empty: as whom it was started. */
  readonly user: string;
  readonly group: string;
}

/** The configuration, in which what acacia's says goes first. Throws McblockError('config'). */
export function listenSetup(config: Config, acacia?: AcaciaConfig): ListenSetup {
  const channels = new Map([...config.get('listen.channels'), ...(acacia?.channels ?? [])]);
  const status = acacia?.status ?? config.get('listen.status');
  const key = fleetKeyOf(config);
  if (key === undefined && config.get('pubsub.require-signature')) {
    throw new McblockError(
      'config',
      'pubsub.require-signature needs pubsub.fleet-key, the key that signatures are checked with',
    );
  }
  return {
    place: redisLocation(config, acacia),
    channels: Array.from(channels, ([name, setting]) => channelOf(name, setting)),
    rules: {
      key,
      requireSignature: config.get('pubsub.require-signature'),
      self: senderOf(config),
      widest4: config.get('listen.widest4'),
      widest6: config.get('listen.widest6'),
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

/** Where Redis is, and who we are there. */
export function redisLocation(config: Config, acacia?: AcaciaConfig): RedisLocation {
  const address = acacia?.address ?? config.get('pubsub.address');
  if (address === '') {
    throw new McblockError(
      'config',
      'pubsub.address does not say where Redis is, such as "redis.example.net:6379"',
    );
  }
  const endpoint = parseEndpoint(address, 'pubsub.address');
  const identity = identityOf(config, acacia);
  refuseInTheClear(endpoint, identity);
  return { endpoint, identity };
}

/** The key that messages are signed with; undefined where there is none. */
export function fleetKeyOf(config: Config): FleetKey | undefined {
  const file = config.get('pubsub.fleet-key');
  return file === '' ? undefined : readFleetKey(file);
}

/** The name of this host in messages. */
export function senderOf(config: Config): string {
  const name = config.get('pubsub.sender') || hostname();
  if (isSender(name)) return name;
  throw new McblockError(
    'config',
    'the name of this host cannot stand in messages; give pubsub.sender a name of letters, digits and dots',
  );
}

function identityOf(config: Config, acacia?: AcaciaConfig): Identity | undefined {
  const files = {
    cert: acacia?.cert ?? config.get('pubsub.cert'),
    key: acacia?.key ?? config.get('pubsub.key'),
    ca: acacia?.ca ?? config.get('pubsub.ca'),
  };
  const missing = Object.entries(files).filter(([, file]) => file === '');
  if (missing.length === 3) return undefined;
  const [first] = missing;
  if (first !== undefined) {
    throw new McblockError(
      'config',
      `mutual TLS needs pubsub.cert, pubsub.key and pubsub.ca; pubsub.${first[0]} is missing`,
    );
  }
  const identity = {
    cert: readPem(files.cert, 'pubsub.cert'),
    key: readPem(files.key, 'pubsub.key'),
    ca: readPem(files.ca, 'pubsub.ca'),
  };
  checkTls(identity, 'pubsub.cert, pubsub.key and pubsub.ca');
  return identity;
}

function channelOf(name: string, setting: ChannelSetting): Channel {
  if (setting === 'block') return { name, action: { kind: 'block' } };
  const { command, carries, words = '' } = setting;
  return {
    name,
    action: {
      kind: 'command',
      argv: command,
      carries: carries === 'word' ? { words: wordPattern(words) } : carries,
    },
  };
}
