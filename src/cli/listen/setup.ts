import { hostname } from 'node:os';
import { McblockError } from '../../errors.ts';
import { wordPattern } from '../../fleet/bell/carried.ts';
import type { Channel } from '../../fleet/bell/channel.ts';
import type { CommandLimits } from '../../fleet/bell/command-queue.ts';
import {
  type Endpoint,
  type Identity,
  parseEndpoint,
  refuseInTheClear,
} from '../../fleet/bell/endpoint.ts';
import { type FleetKey, readFleetKey } from '../../fleet/bell/fleet-key.ts';
import type { HearingRules } from '../../fleet/bell/hear.ts';
import { isSender } from '../../fleet/bell/message-text.ts';
import type { BellPlace } from '../../fleet/bell/redis-options.ts';
import type { Config } from '../config/config.ts';
import { checkTls, readPem } from '../pem.ts';
import type { AcaciaConfig } from './acacia.ts';
import type { ChannelSetting } from './channels.ts';

/** All that the daemon is told; certificates and keys are read already. */
export interface ListenSetup {
  readonly place: BellPlace;
  readonly channels: readonly Channel[];
  readonly rules: HearingRules;
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
  if (key === undefined && config.get('bell.require-signature')) {
    throw new McblockError(
      'config',
      'bell.require-signature needs bell.fleet-key, the key that signatures are checked with',
    );
  }
  return {
    place: bellPlace(config, acacia),
    channels: Array.from(channels, ([name, setting]) => channelOf(name, setting)),
    rules: {
      key,
      requireSignature: config.get('bell.require-signature'),
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
export function bellPlace(config: Config, acacia?: AcaciaConfig): BellPlace {
  const address = acacia?.address ?? config.get('bell.address');
  if (address === '') {
    throw new McblockError(
      'config',
      'bell.address does not say where Redis is, such as "redis.example.net:6379"',
    );
  }
  const endpoint = parseEndpoint(address, 'bell.address');
  const identity = identityOf(config, acacia);
  refuseInTheClear(endpoint, identity);
  return { endpoint, identity };
}

/** The key that messages are signed with; undefined where there is none. */
export function fleetKeyOf(config: Config): FleetKey | undefined {
  const file = config.get('bell.fleet-key');
  return file === '' ? undefined : readFleetKey(file);
}

/** The name of this host in messages. */
export function senderOf(config: Config): string {
  const name = config.get('bell.sender') || hostname();
  if (isSender(name)) return name;
  throw new McblockError(
    'config',
    'the name of this host cannot stand in messages; give bell.sender a name of letters, digits and dots',
  );
}

function identityOf(config: Config, acacia?: AcaciaConfig): Identity | undefined {
  const files = {
    cert: acacia?.cert ?? config.get('bell.cert'),
    key: acacia?.key ?? config.get('bell.key'),
    ca: acacia?.ca ?? config.get('bell.ca'),
  };
  const missing = Object.entries(files).filter(([, file]) => file === '');
  if (missing.length === 3) return undefined;
  const [first] = missing;
  if (first !== undefined) {
    throw new McblockError(
      'config',
      `mutual TLS needs bell.cert, bell.key and bell.ca; bell.${first[0]} is missing`,
    );
  }
  const identity = {
    cert: readPem(files.cert, 'bell.cert'),
    key: readPem(files.key, 'bell.key'),
    ca: readPem(files.ca, 'bell.ca'),
  };
  checkTls(identity, 'bell.cert, bell.key and bell.ca');
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
