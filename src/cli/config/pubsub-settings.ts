import { hostname } from 'node:os';
import { McblockError } from '../../errors.ts';
import { type Identity, parseEndpoint, requireTls } from '../../fleet/pubsub/endpoint.ts';
import { isSender } from '../../fleet/pubsub/message-text.ts';
import type { RedisLocation } from '../../fleet/pubsub/redis-options.ts';
import { readSigningKey, type SigningKey } from '../../fleet/pubsub/signing-key.ts';
import type { AcaciaConfig } from './acacia.ts';
import type { Config } from './config.ts';
import { checkTls, readPem } from './pem.ts';

/** Where Redis is, and this machine's certificate. Values from acacia's configuration win. */
export function redisLocation(config: Config, acacia?: AcaciaConfig): RedisLocation {
  const address = acacia?.address ?? config.get('pubsub.address');
  if (address === '') {
    throw new McblockError('config', 'set pubsub.address, for example to "redis.example.net:6379"');
  }
  const endpoint = parseEndpoint(address, 'pubsub.address');
  const identity = identityOf(config, acacia);
  requireTls(endpoint, identity);
  return { endpoint, identity };
}

/** The key that signs messages; undefined if there is none. Throws McblockError('config'). */
export function signingKeyOf(config: Config): SigningKey | undefined {
  const file = config.get('pubsub.signing-key');
  if (file === '') return undefined;
  requireKeyUser(config);
  return readSigningKey(file);
}

/** Only the API can tell whose key it is. Throws McblockError('config'). */
export function requireKeyUser(config: Config): void {
  if (config.get('fleet.url') !== '' && config.get('fleet.user') !== '') return;
  throw new McblockError(
    'config',
    'pubsub.signing-key needs fleet.url and fleet.user: the API distributes the keys',
  );
}

/** The name of this machine in messages. */
export function senderOf(config: Config): string {
  const name = config.get('fleet.user') || hostname();
  if (isSender(name)) return name;
  throw new McblockError(
    'config',
    'the host name cannot be used in messages; set fleet.user to a name of letters, digits and dots',
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
      `TLS needs pubsub.cert, pubsub.key and pubsub.ca; pubsub.${first[0]} is not set`,
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
