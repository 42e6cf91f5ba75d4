import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { McblockError, reasonOf } from '../errors.ts';
import { FleetClient } from '../fleet/client/client.ts';
import { type Endpoint, serverUrl } from '../fleet/client/endpoint.ts';
import { USUAL_PATIENCE } from '../fleet/client/retry.ts';
import { Transport } from '../fleet/client/transport.ts';
import type { Config } from './config/config.ts';
import { requireFleet } from './require-fleet.ts';

const PASSWORD_LIMIT_BYTES = 1024;

/**
 * A client of the API that the configuration names; whoever makes it closes it. Throws
 * McblockError('config') where what it needs is not said, or could be read by others.
 * @param signal ends what is under way
 */
export function fleetClient(config: Config, signal?: AbortSignal): FleetClient {
  requireFleet(config);
  return new FleetClient(new Transport(endpointOf(config)), USUAL_PATIENCE, signal);
}

function endpointOf(config: Config): Endpoint {
  const [user, file] = [config.get('fleet.user'), config.get('fleet.password-file')];
  if (user === '' || file === '') {
    throw new McblockError('config', 'fleet.url needs fleet.user and fleet.password-file too');
  }
  const [ca, cert, key] = [
    readPem(config, 'fleet.ca'),
    readPem(config, 'fleet.cert'),
    readPem(config, 'fleet.key'),
  ];
  if ((cert === undefined) !== (key === undefined)) {
    throw new McblockError('config', 'fleet.cert and fleet.key go together: give both or none');
  }
  const identity = cert === undefined || key === undefined ? undefined : { cert, key };
  return {
    url: serverUrl(config.get('fleet.url')),
    user,
    password: passwordIn(file),
    ca,
    identity,
  };
}

function readPem(config: Config, key: 'fleet.ca' | 'fleet.cert' | 'fleet.key'): Buffer | undefined {
  const file = config.get(key);
  if (file === '') return undefined;
  try {
    return readFileSync(file);
  } catch (error) {
    throw new McblockError('config', `${key} ${file} cannot be read: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/** The first line of the file, which nobody but its owner may read. */
function passwordIn(file: string): string {
  const password = (readPrivate(file).split('\n', 1)[0] ?? '').replace(/\r$/, '');
  if (password !== '') return password;
  throw new McblockError('config', `fleet.password-file ${file} has no password in its first line`);
}

function readPrivate(file: string): string {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    const { mode, size } = fstatSync(descriptor);
    if ((mode & 0o077) !== 0) throw new Error(`others may read it; run chmod 600 ${file}`);
    if (size > PASSWORD_LIMIT_BYTES) throw new Error('it is too large for a password');
    return readFileSync(descriptor, 'utf8');
  } catch (error) {
    throw new McblockError('config', `fleet.password-file ${file}: ${reasonOf(error)}`, {
      cause: error,
    });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
