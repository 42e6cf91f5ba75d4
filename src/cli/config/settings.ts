import { DEFAULT_POLICY } from '../../blocklist/policy.ts';
import { NOTIFY_TYPES, type NotifyType } from '../../engine/notify/event.ts';
import { list } from '../../validation/codec.ts';
import { boolean, matching, oneOf, whole } from '../../validation/values.ts';
import { rules } from '../policy/rule-setting.ts';
import { type ChannelSetting, channels } from './channels.ts';
import { logs } from './log-setting.ts';
import { setting } from './setting.ts';
import {
  command,
  duration,
  file,
  nat64Prefixes,
  partOfIpv4,
  proxyPrefixes,
  SERVICE,
  size,
  timezone,
} from './setting-codecs.ts';

const policy = DEFAULT_POLICY;

/** An absolute path or nothing. */
const FILE = /^(?:\/.*)?$/;

/** The name of an interface; IFNAMSIZ leaves 15 characters. */
export const INTERFACE_NAME = /^[A-Za-z][\w.:-]{0,14}$/;

const CHANNELS: ReadonlyMap<string, ChannelSetting> = new Map([
  ['block', 'block'],
  ['mcblock', 'block'],
]);

/** Two sockets each; select(2) has 1,024. */
const MAX_PROBE_PORTS = 400;

/** The keys of the configuration file; others are refused. */
export const SETTINGS = {
  timezone: setting('local', timezone()),
  'trusted-proxies': setting(policy.auto.proxies, proxyPrefixes()),
  'penalty.first': setting(policy.penalty.firstSeconds, duration()),
  'penalty.longest': setting(policy.penalty.longestSeconds, duration()),
  'auto.length4': setting(policy.auto.length4, whole(8, 32)),
  'auto.length6': setting(policy.auto.length6, whole(19, 128)),
  'auto.nat64': setting(policy.auto.nat64, nat64Prefixes()),
  'persistent.days': setting(policy.persistent.days, whole(1, 366)),
  'reactivate.widest4': setting(policy.reactivate.widest4, whole(1, 32)),
  'reactivate.widest6': setting(policy.reactivate.widest6, whole(1, 128)),
  'reactivate.points': setting(policy.reactivate.points, whole(1, 1_000_000)),
  'trust.days': setting(policy.trust.days, whole(0, 36_500)),
  'trust.points': setting(policy.trust.points, whole(1, 1_000_000)),
  'trust.services': setting([], list(SERVICE)),
  'trust.groups': setting(
    [
      ['sshd', 'pam'],
      ['dovecot', 'postfix'],
    ],
    list(list(SERVICE)),
  ),
  'offence.points': setting(policy.offence.points, whole(1, 1_000_000)),
  'offence.window': setting(policy.offence.windowSeconds, duration()),
  'limits.share': setting(policy.limits.share, whole(1, 100)),
  'limits.user-share': setting(policy.limits.user.addresses4, partOfIpv4()),
  'limits.user-prefixes6': setting(policy.limits.user.prefixes6, whole(1, 1_000_000_000)),
  'limits.user-widest4': setting(policy.limits.user.widest4, whole(1, 32)),
  'limits.user-widest6': setting(policy.limits.user.widest6, whole(1, 128)),
  'limits.user-longest': setting(policy.limits.user.longestSeconds, duration()),
  'limits.user-rate': setting(600, whole(1, 1_000_000_000)),
  'widen.enabled': setting(false, boolean()),
  'widen.widest4': setting(20, whole(8, 31)),
  'widen.widest6': setting(48, whole(19, 127)),
  'widen.share': setting(50, whole(1, 100)),
  'widen.min-networks': setting(4, whole(2, 1_000_000)),
  log: setting([], logs()),
  rule: setting([], rules()),
  'decompress.size-limit': setting(4 * 1024 ** 3, size()),
  'decompress.program': setting('auto', oneOf('auto', 'lbzip2', 'bzip2', 'built-in')),
  'journal.directory': setting('', matching(FILE, 'the absolute path of a folder with journals')),
  'journal.users': setting(
    [],
    list(matching(/^[\w-]{1,64}=[\w.-]{1,64}$/, 'a service and a user, such as "postfix=mail"')),
  ),
  'journal.containers': setting(
    [],
    list(matching(/^[\w.@:-]{1,255}$/, 'the unit or the name of a container')),
  ),
  'geo.country': setting('', matching(FILE, "the absolute path of a database in MaxMind's format")),
  'geo.network': setting('', matching(FILE, "the absolute path of a database in MaxMind's format")),
  'grammar.folder': setting(
    '',
    matching(FILE, 'the absolute path of a folder with .grammar files'),
  ),
  'firewall.kind': setting('auto', oneOf('auto', 'pf', 'nft', 'file')),
  'firewall.table': setting(
    'mcblock',
    matching(/^[A-Za-z_][\w-]{0,30}$/, 'a table name of at most 31 letters, digits, - and _'),
  ),
  'pf.external': setting(
    [],
    list(matching(INTERFACE_NAME, 'the name of an interface such as "em0"')),
  ),
  'pf.tcpdump': setting(
    '/usr/sbin/tcpdump',
    matching(/^\/\P{Cc}+$/u, 'the absolute path of tcpdump'),
  ),
  'firewall.file': setting('', matching(/^(?:\/\P{Cc}+)?$/u, 'the absolute path of a table file')),
  'firewall.command': setting([], command('["/sbin/pfctl", "-f", "/etc/pf.conf"]')),
  'firewall.pfctl': setting('/sbin/pfctl', matching(/^\/\P{Cc}+$/u, 'the absolute path of pfctl')),
  'firewall.helper': setting(
    [],
    command('["/usr/bin/doas", "-n", "/usr/local/libexec/mcblock-pf"]'),
  ),
  'firewall.nft': setting('/usr/sbin/nft', matching(/^\/\P{Cc}+$/u, 'the absolute path of nft')),
  'fleet.body-limit': setting(32 * 1024 ** 2, size()),
  'fleet.list-limit': setting(50_000, whole(1, 1_000_000)),
  'fleet.connection-limit': setting(900, whole(10, 1_000_000)),
  'fleet.evidence-limit': setting(1000, whole(1, 1_000_000)),
  'fleet.rate': setting(1000, whole(1, 1_000_000_000)),
  'fleet.url': setting(
    '',
    matching(
      /^(?:https?:\/\/[^\s/?#@]+(?:\/[^\s?#@]*)?)?$/,
      'the URL of the API, such as "https://fleet.example.net", without a name or password',
    ),
  ),
  'fleet.user': setting(
    '',
    matching(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$|^$/, 'the name of a user of the API'),
  ),
  'fleet.password-file': setting('', file('a file with the password, mode 0600')),
  'fleet.ca': setting('', file('the CA certificate of the API server, PEM')),
  'fleet.cert': setting('', file('the certificate of this machine, PEM')),
  'fleet.key': setting('', file('the key of fleet.cert, PEM')),
  'fleet.pf-tables': setting(
    [],
    list(
      matching(
        /^[\w*-]{1,31}$/,
        'the name of a pf table such as "brute*", in which * matches any characters',
      ),
    ),
  ),
  'fleet.pf-expire': setting(1215, duration()),
  'fleet.quorum': setting(policy.limits.quorum, whole(1, 100)),
  'fleet.longest': setting(policy.penalty.longestSeconds, duration()),
  'fleet.change-limit': setting(1_000_000, whole(1, 1_000_000_000)),
  'fleet.share-pending': setting(true, boolean()),
  'fleet.outbox-limit': setting(100_000, whole(1, 10_000_000)),
  'probe.ports': setting([], list(whole(1, 65_535), MAX_PROBE_PORTS)),
  'probe.redirect': setting(0, whole(0, 65_535)),
  'probe.user': setting('', matching(/^(?:[A-Za-z_][\w.-]*)?$/, 'the name of a user')),
  'notify.events': setting<readonly NotifyType[]>([], list(oneOf(...NOTIFY_TYPES))),
  'notify.command': setting([], command('["/usr/bin/mail", "-s", "mcblock", "root"]')),
  'notify.url': setting(
    '',
    matching(
      /^(?:https:\/\/[^\s/?#@{}]+(?:\/[^\s#@]*)?)?$/,
      'an https URL, such as "https://hooks.example.net/{token}", without a name or password',
    ),
  ),
  'notify.token-file': setting('', file('a file with the token, mode 0600')),
  'notify.ca': setting('', file('the CA certificate of the server, PEM')),
  'notify.wider4': setting(20, whole(1, 32)),
  'notify.wider6': setting(48, whole(1, 128)),
  'notify.entries': setting(100, whole(1, 1_000_000_000)),
  'notify.failures': setting(5, whole(1, 1_000_000)),
  'notify.limit': setting(20, whole(2, 10_000)),
  'pubsub.address': setting(
    '',
    matching(/^(?:|\/.+|[^/\s]+:\d+)$/, 'the address of Redis, such as "redis.example.net:6379"'),
  ),
  'pubsub.cert': setting('', file('the certificate of this machine, PEM')),
  'pubsub.key': setting('', file('the key of pubsub.cert, PEM')),
  'pubsub.ca': setting('', file('the CA certificate of Redis, PEM')),
  'pubsub.signing-key': setting('', file("this machine's key for signing, mode 0600")),
  'pubsub.channel': setting('mcblock', matching(/^\S{1,64}$/, 'the name of a channel')),
  'pubsub.plain-channel': setting('block', matching(/^\S{0,64}$/, 'the name of a channel')),
  'listen.channels': setting(CHANNELS, channels()),
  'listen.max-age': setting(300, duration()),
  'listen.catch-up': setting(180, duration()),
  'listen.status': setting(
    '127.0.0.1:8091',
    matching(/^(?:|[^/\s]+:\d+)$/, 'an address such as "127.0.0.1:8091", or "" for none'),
  ),
  'listen.user': setting('', matching(/^(?:[A-Za-z_][\w.-]*)?$/, 'the name of a user')),
  'listen.group': setting('', matching(/^(?:[A-Za-z_][\w.-]*)?$/, 'the name of a group')),
  'listen.commands': setting(4, whole(1, 1000)),
  'listen.queue': setting(1000, whole(0, 1_000_000)),
  'listen.time-limit': setting(30, duration()),
} as const;

export type SettingKey = keyof typeof SETTINGS;
export type SettingValue<Key extends SettingKey> = (typeof SETTINGS)[Key]['fallback'];

/** The values set by a configuration file, with their lines. */
export type ReadSettings = ReadonlyMap<
  SettingKey,
  {
    readonly value: unknown;
    readonly line: number;
    /** Of the items of a list of tables. */
    readonly itemLines?: readonly number[];
  }
>;

/** Tables and keys of earlier versions, and their new names. */
export const RENAMED: ReadonlyMap<string, string> = new Map([
  ['bell', 'pubsub'],
  ['listen.widest4', 'limits.user-widest4'],
  ['listen.widest6', 'limits.user-widest6'],
  ['pubsub.fleet-key', 'pubsub.signing-key'],
  ['pubsub.require-signature', 'listen.channels, where plain = true accepts plain text'],
  ['pubsub.sender', 'fleet.user'],
  ['log.size-limit', 'decompress.size-limit'],
  ['log.decompressor', 'decompress.program'],
  ['widen.least', 'widen.min-networks'],
]);
