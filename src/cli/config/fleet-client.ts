import { McblockError } from '../../errors.ts';
import { type ApiEndpoint, serverUrl } from '../../fleet/client/api-endpoint.ts';
import { FleetClient } from '../../fleet/client/client.ts';
import { DEFAULT_RETRY } from '../../fleet/client/retry.ts';
import { Transport } from '../../fleet/client/transport.ts';
import { readSecretFile } from '../../fleet/secret-file.ts';
import { VERSION } from '../version.ts';
import type { Config } from './config.ts';
import { checkTls, readPem } from './pem.ts';
import { requireFleet } from './require-fleet.ts';

/**
 * A client of the configured API; the caller closes it. Throws McblockError('config') if a setting is
 * missing or others can read the password.
 * @param signal aborts requests
 */
export function fleetClient(config: Config, signal?: AbortSignal): FleetClient {
  requireFleet(config);
  return new FleetClient(new Transport(endpointOf(config)), DEFAULT_RETRY, signal);
}

function endpointOf(config: Config): ApiEndpoint {
  const [user, file] = [config.get('fleet.user'), config.get('fleet.password-file')];
  if (user === '' || file === '') {
    throw new McblockError('config', 'fleet.url needs fleet.user and fleet.password-file');
  }
  const [ca, cert, key] = [
    pemOf(config, 'fleet.ca'),
    pemOf(config, 'fleet.cert'),
    pemOf(config, 'fleet.key'),
  ];
  if ((cert === undefined) !== (key === undefined)) {
    throw new McblockError('config', 'set both fleet.cert and fleet.key, or neither');
  }
  if (ca !== undefined || cert !== undefined) {
    checkTls({ cert, key, ca }, 'fleet.cert, fleet.key and fleet.ca');
  }
  const identity = cert === undefined || key === undefined ? undefined : { cert, key };
  return {
    url: serverUrl(config.get('fleet.url')),
    user,
    password: passwordIn(file),
    agent: `mcblock/${VERSION}`,
    ca,
    identity,
  };
}

function pemOf(config: Config, key: 'fleet.ca' | 'fleet.cert' | 'fleet.key'): Buffer | undefined {
  const file = config.get(key);
  return file === '' ? undefined : readPem(file, key);
}

/** The first line of the file, which must be readable by its owner only. */
function passwordIn(file: string): string {
  const password = (readSecretFile(file, 'fleet.password-file').split('\n', 1)[0] ?? '').replace(
    /\r$/,
    '',
  );
  if (password !== '') return password;
  throw new McblockError('config', `fleet.password-file: ${file}: first line is empty`);
}
