import { McblockError, reasonOf } from '../../errors.ts';
import { readConfigFile } from '../../read-config-file.ts';
import { nearest } from '../text/nearest.ts';
import type { ChannelSetting } from './channels.ts';

/** What acacia_pubsub's configuration says, where it says it. */
export interface AcaciaConfig {
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly ca: string | undefined;
  readonly address: string | undefined;
  readonly status: string | undefined;
  readonly user: string | undefined;
  readonly channels: ReadonlyMap<string, ChannelSetting>;
}

const LIMIT_BYTES = 1024 * 1024;
/** Older versions say Address. */
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
 * Reads acacia_pubsub's own configuration file, which is JSON. An action of it is a command, whose
 * words stand between spaces as there; what it is given is one address, always, as no other message
 * can be told from an argument that somebody made up. Throws McblockError('config').
 */
export function readAcacia(file: string): AcaciaConfig {
  const values = new Map<string, unknown>();
  for (const [name, value] of Object.entries(readJson(file))) {
    // acacia takes them in any letters.
    const known = KEYS.find((key) => key.toLowerCase() === name.toLowerCase());
    if (known === undefined) {
      const close = nearest(name, KEYS);
      const advice = close === undefined ? '' : `; did you mean ${close}?`;
      throw new McblockError('config', `${file}: acacia knows no key ${name}${advice}`);
    }
    values.set(known, value);
  }
  const text = (name: (typeof KEYS)[number]): string | undefined => {
    const value = values.get(name) ?? '';
    if (typeof value !== 'string') throw new McblockError('config', `${file}: ${name} is no text`);
    return value === '' ? undefined : value;
  };
  const status = text('StatusAddress');
  return {
    cert: text('CertPath'),
    key: text('KeyPath'),
    ca: text('CaPath'),
    address: text('RedisAddress') ?? text('Address'),
    // Without a host, its own would listen everywhere; ours listens where it is told to, or here.
    status: status?.startsWith(':') ? `127.0.0.1${status}` : status,
    user: text('User'),
    channels: channelsOf(values.get('Actions') ?? {}, file),
  };
}

function readJson(file: string): Record<string, unknown> {
  try {
    const content = readConfigFile(file, ({ size }) =>
      size > LIMIT_BYTES ? 'it is larger than 1 MiB' : undefined,
    );
    const value: unknown = JSON.parse(content.toString('utf8'));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new Error('it is no object');
    }
    return value as Record<string, unknown>;
  } catch (error) {
    throw new McblockError(
      'config',
      `cannot read acacia's configuration ${file}: ${reasonOf(error)}`,
      { cause: error },
    );
  }
}

function channelsOf(actions: unknown, file: string): Map<string, ChannelSetting> {
  if (typeof actions !== 'object' || actions === null || Array.isArray(actions)) {
    throw new McblockError('config', `${file}: Actions is a table of channels and commands`);
  }
  return new Map(
    Object.entries(actions).map(([channel, action]) => [channel, actionOf(channel, action, file)]),
  );
}

function actionOf(channel: string, action: unknown, file: string): ChannelSetting {
  const [program, ...rest] = typeof action === 'string' ? action.trim().split(/\s+/) : [];
  if (program === 'block' && rest.length === 0) return 'block';
  if (program === undefined || !program.startsWith('/')) {
    throw new McblockError(
      'config',
      `${file}: the action of ${channel} must be a command with the absolute path of its program, or "block"`,
    );
  }
  return { command: [program, ...rest], carries: 'address', words: undefined };
}
