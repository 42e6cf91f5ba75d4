import { errorOf, McblockError } from '../../errors.ts';
import { readConfigFile } from '../../read-config-file.ts';
import { nearest } from '../text/nearest.ts';
import { printable } from '../text/printable.ts';
import type { ChannelSetting } from './channels.ts';

/** The settings of acacia_pubsub's configuration; undefined where it has none. */
export interface AcaciaConfig {
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly ca: string | undefined;
  readonly address: string | undefined;
  readonly status: string | undefined;
  readonly user: string | undefined;
  readonly channels: ReadonlyMap<string, ChannelSetting>;
  /** Keys that acacia_pubsub would ignore. */
  readonly warnings: readonly string[];
}

const LIMIT_BYTES = 1024 * 1024;
/** Older versions use Address. */
const KEYS = [
  'CertPath',
  'KeyPath',
  'CaPath',
  'RedisAddress',
  'Address',
  'StatusAddress',
  'User',
  'Actions',
] as const;

/**
 * Reads acacia_pubsub's own configuration file, which is JSON. An action is a command, split at
 * spaces as there. Its argument is always one address: any other message could be an argument that a
 * publisher made up. Throws McblockError('config').
 */
export function readAcacia(file: string): AcaciaConfig {
  const values = new Map<string, unknown>();
  const warnings: string[] = [];
  for (const [name, value] of Object.entries(readJson(file))) {
    // acacia ignores case.
    const known = KEYS.find((key) => key.toLowerCase() === name.toLowerCase());
    if (known === undefined) {
      const close = nearest(name, KEYS);
      const advice = close === undefined ? '' : `; did you mean ${close}?`;
      warnings.push(`${file}: unknown key ${printable(name)} ignored${advice}`);
    } else values.set(known, value);
  }
  const text = (name: (typeof KEYS)[number]): string | undefined => {
    const value = values.get(name) ?? '';
    if (typeof value !== 'string')
      throw new McblockError('config', `${file}: ${name} must be a string`);
    return value === '' ? undefined : value;
  };
  const status = text('StatusAddress');
  return {
    cert: text('CertPath'),
    key: text('KeyPath'),
    ca: text('CaPath'),
    address: text('RedisAddress') ?? text('Address'),
    // Without a host, acacia listens on all addresses; we listen on loopback.
    status: status?.startsWith(':') ? `127.0.0.1${status}` : status,
    user: text('User'),
    channels: channelsOf(values.get('Actions') ?? {}, file),
    warnings,
  };
}

function readJson(file: string): Record<string, unknown> {
  try {
    const content = readConfigFile(file, ({ size }) =>
      size > LIMIT_BYTES ? 'larger than 1 MiB' : undefined,
    );
    const value: unknown = JSON.parse(content.toString('utf8'));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new Error('not a JSON object');
    }
    return value as Record<string, unknown>;
  } catch (error) {
    throw errorOf('config', file, error);
  }
}

function channelsOf(actions: unknown, file: string): Map<string, ChannelSetting> {
  if (typeof actions !== 'object' || actions === null || Array.isArray(actions)) {
    throw new McblockError('config', `${file}: Actions must be an object of channels and commands`);
  }
  return new Map(
    Object.entries(actions).map(([channel, action]) => [channel, actionOf(channel, action, file)]),
  );
}

function actionOf(channel: string, action: unknown, file: string): ChannelSetting {
  const [program, ...rest] = typeof action === 'string' ? action.trim().split(/\s+/) : [];
  // acacia knows nothing but plain text.
  if (program === 'block' && rest.length === 0) return { block: true, plain: true };
  if (program === undefined || !program.startsWith('/')) {
    throw new McblockError(
      'config',
      `${file}: action of ${channel} must be "block" or a command that starts with an absolute path`,
    );
  }
  return { command: [program, ...rest], carries: 'address', words: undefined, plain: true };
}
