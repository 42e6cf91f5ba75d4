import { DEFAULT_POLICY } from '../../blocklist/policy.ts';
import {
  channels,
  choice,
  command,
  countries,
  duration,
  file,
  flag,
  integer,
  points,
  size,
  text,
  texts,
  timezone,
} from './kinds.ts';

const policy = DEFAULT_POLICY;

/** An absolute path, or nothing. */
const FILE = /^(?:\/.*)?$/;

/** An interface as pf names it; IFNAMSIZ leaves 15 characters. */
export const INTERFACE_NAME = /^[A-Za-z][\w.:-]{0,14}$/;

/** Every key there is. The configuration file has these and no others. */
export const SETTINGS = {
  timezone: timezone('local'),
  'penalty.first': duration(policy.penalty.firstSeconds),
  'penalty.longest': duration(policy.penalty.longestSeconds),
  'auto.length4': integer(policy.auto.length4, 8, 32),
  'auto.length6': integer(policy.auto.length6, 19, 128),
  'persistent.days': integer(policy.persistent.days, 1, 366),
  'reactivate.widest4': integer(policy.reactivate.widest4, 1, 32),
  'reactivate.widest6': integer(policy.reactivate.widest6, 1, 128),
  'reactivate.points': integer(policy.reactivate.points, 1, 1_000_000),
  'trust.days': integer(policy.trust.days, 0, 36_500),
  'offence.points': integer(policy.offence.points, 1, 1_000_000),
  'offence.window': duration(policy.offence.windowSeconds),
  'offence.messages': points(),
  'widen.enabled': flag(false),
  'widen.widest4': integer(20, 8, 31),
  'widen.widest6': integer(48, 19, 127),
  'widen.share': integer(50, 1, 100),
  'widen.least': integer(4, 2, 1_000_000),
  'log.size-limit': size(4 * 1024 ** 3),
  'log.decompressor': choice('auto', ['auto', 'lbzip2', 'bzip2', 'built-in']),
  'geo.country': text('', FILE, 'an absolute path of a database in MaxMind’s format'),
  'geo.network': text('', FILE, 'an absolute path of a database in MaxMind’s format'),
  'geo.penalties': countries(duration(0)),
  'geo.lengths4': countries(integer(24, 8, 32)),
  'geo.lengths6': countries(integer(64, 19, 128)),
  'grammar.folder': text('', FILE, 'an absolute path of a folder with .grammar files'),
  'firewall.kind': choice('auto', ['auto', 'pf', 'nft', 'file']),
  'firewall.table': text(
    'mcblock',
    /^[A-Za-z_][\w-]{0,30}$/,
    'a table name of at most 31 letters, digits, - and _',
  ),
  'pf.external': texts(INTERFACE_NAME, 'a list of interfaces such as ["em0", "em1"]'),
  'firewall.file': text('', /^(?:\/\P{Cc}+)?$/u, 'the absolute path of a table file'),
  'firewall.command': command('["/sbin/pfctl", "-f", "/etc/pf.conf"]'),
  'firewall.pfctl': text('/sbin/pfctl', /^\/\P{Cc}+$/u, 'the absolute path of pfctl'),
  'firewall.helper': command('["/usr/bin/doas", "-n", "/usr/local/libexec/mcblock-pf"]'),
  'firewall.nft': text('/usr/sbin/nft', /^\/\P{Cc}+$/u, 'the absolute path of nft'),
  'fleet.body-limit': size(8 * 1024 ** 2),
  'fleet.list-limit': integer(50_000, 1, 1_000_000),
  'fleet.evidence-limit': integer(1000, 1, 1_000_000),
  'fleet.rate': integer(1000, 1, 1_000_000_000),
  'fleet.url': text(
    '',
    /^(?:https?:\/\/[^\s/?#@]+(?:\/[^\s?#@]*)?)?$/,
    'where the API is, such as "https://fleet.example.net", without a name or password',
  ),
  'fleet.user': text('', /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$|^$/, 'the name of a user of the API'),
  'fleet.password-file': file('a file with the password, mode 0600'),
  'fleet.ca': file('the certificate of who signed that of the API, PEM'),
  'fleet.cert': file('the certificate of this machine, PEM'),
  'fleet.key': file('the key to fleet.cert, PEM'),
  'fleet.pf-tables': texts(
    /^[\w*-]{1,31}$/,
    'a list of tables of pf, in which * stands for any letters or none, such as ["brute*"]',
  ),
  'fleet.pf-expire': duration(1215),
  'fleet.longest': duration(policy.penalty.longestSeconds),
  'fleet.change-limit': integer(1_000_000, 1, 1_000_000_000),
  'fleet.outbox-limit': integer(100_000, 1, 10_000_000),
  'pubsub.address': text(
    '',
    /^(?:|\/.+|[^/\s]+:\d+)$/,
    'where Redis is, such as "redis.example.net:6379"',
  ),
  'pubsub.cert': file('the certificate of this machine, PEM'),
  'pubsub.key': file('the key to pubsub.cert, PEM'),
  'pubsub.ca': file('the certificate of who signed that of Redis, PEM'),
  'pubsub.fleet-key': file('the key that the machines of the fleet sign with, mode 0600'),
  'pubsub.require-signature': flag(false),
  'pubsub.sender': text(
    '',
    /^(?:[A-Za-z0-9][\w.-]{0,63})?$/,
    'a name of at most 64 letters, digits, dots, - and _',
  ),
  'pubsub.channel': text('mcblock', /^\S{1,64}$/, 'the name of a channel'),
  'pubsub.plain-channel': text('block', /^\S{0,64}$/, 'the name of a channel'),
  'listen.channels': channels(),
  'listen.widest4': integer(8, 1, 32),
  'listen.widest6': integer(19, 1, 128),
  'listen.max-age': duration(300),
  'listen.catch-up': duration(180),
  'listen.status': text(
    '127.0.0.1:8091',
    /^(?:|[^/\s]+:\d+)$/,
    'where to answer, such as "127.0.0.1:8091", or "" for nowhere',
  ),
  'listen.user': text('', /^(?:[A-Za-z_][\w.-]*)?$/, 'the name of a user'),
  'listen.group': text('', /^(?:[A-Za-z_][\w.-]*)?$/, 'the name of a group'),
  'listen.commands': integer(4, 1, 1000),
  'listen.queue': integer(1000, 0, 1_000_000),
  'listen.time-limit': duration(30),
} as const;

export type SettingKey = keyof typeof SETTINGS;
export type SettingValue<Key extends SettingKey> = (typeof SETTINGS)[Key]['fallback'];

/** The values that a configuration file sets, with their lines. */
export type ReadSettings = ReadonlyMap<
  SettingKey,
  { readonly value: unknown; readonly line: number }
>;

/** Tables and keys of earlier versions, with the name that replaces each. */
export const RENAMED: ReadonlyMap<string, string> = new Map([['bell', 'pubsub']]);
