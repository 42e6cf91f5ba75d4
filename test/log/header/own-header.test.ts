import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_MATCH, type Scanner } from '../../../grammar/notation/scanner.ts';
import type { Event } from '../../../src/log/event.ts';
import { emptyHeader } from '../../../src/log/header/header.ts';
import { ownHeaderOf } from '../../../src/log/header/own-header.ts';
import { readHeader } from '../../../src/log/header/read-header.ts';
import { readEvents } from '../../../src/log/read-events.ts';
import { LogReader } from '../../../src/log/reader.ts';
import { loadScanners } from '../../../src/log/scanners.ts';
import { CivilTime, zoneOffsets } from '../../../src/log/time/zone.ts';
import { sourceOf } from '../lines-of.ts';

const scanners = await loadScanners();
const ownHeader = (name: string) =>
  ownHeaderOf(scanners.find(({ service }) => service === name)?.file);
const NOW = Date.parse('2026-11-23T00:00:00Z') / 1000;
const HEAD = '2026-11-22T09:00:0';

const fixture = (name: string): string =>
  readFileSync(new URL(`../../../fixtures/logs/${name}`, import.meta.url), 'latin1');

async function eventsOf(log: string | Buffer, service?: string, chunkBytes = 1 << 20) {
  const options = {
    scanners,
    zone: 'UTC',
    points: new Map(),
    ...(service === undefined ? {} : { service }),
  };
  const events: Event[] = [];
  for await (const batch of readEvents(sourceOf(log, NOW, chunkBytes), options)) {
    events.push(...batch);
  }
  return events;
}

/** When they were, and whose. */
function offencesOf(events: readonly Event[]) {
  return events
    .filter(({ offence }) => offence)
    .map(({ time, address, count }) => [time, address, count]);
}

const OWN_FILES = [
  ['nginx-error.log', 'nginx'],
  ['apache22-error.log', 'apache'],
  ['apache24-error.log', 'apache'],
  ['access.log', 'http-access'],
  ['access-combined.log', 'http-access'],
  ['access-vhost.log', 'http-access'],
  ['exim-main.log', 'exim'],
  ['proftpd.log', 'proftpd'],
  ['proftpd-old.log', 'proftpd'],
  ['vsftpd.log', 'vsftpd'],
  ['nsd.log', 'nsd'],
  ['asterisk.log', 'asterisk'],
  ['asterisk-old.log', 'asterisk'],
  ['openvpn.log', 'openvpn'],
  ['openvpn-old.log', 'openvpn'],
  ['named.log', 'named'],
  ['lighttpd-error.log', 'lighttpd'],
  ['xrdp-sesman.log', 'xrdp'],
  ['xrdp-sesman-old.log', 'xrdp'],
  ['dovecot.log', 'dovecot'],
  ['mariadb.log', 'mysqld'],
  ['mysql.log', 'mysqld'],
  ['mysql-old.log', 'mysqld'],
  ['gitea.log', 'gitea'],
  ['monit.log', 'monit'],
  ['monit-old.log', 'monit'],
  ['openbsd-httpd.log', 'openbsd-httpd'],
  ['webmin.log', 'webmin'],
  ['dropbear.log', 'dropbear'],
  ['vaultwarden.log', 'vaultwarden'],
  ['nextcloud.log', 'nextcloud'],
  ['roundcube.log', 'roundcube'],
  ['authelia.log', 'authelia'],
  ['authelia-json.log', 'authelia'],
  ['jellyfin.log', 'jellyfin'],
  ['home-assistant.log', 'home-assistant'],
  ['grafana.log', 'grafana'],
  ['grafana-json.log', 'grafana'],
  ['emby.log', 'emby'],
  ['caddy.log', 'caddy'],
  ['traefik.log', 'traefik'],
  ['nginx-proxy-manager.log', 'nginx-proxy-manager'],
  ['immich.log', 'immich'],
  ['gitlab.log', 'gitlab'],
  ['gitlab-json.log', 'gitlab'],
  ['keycloak.log', 'keycloak'],
  ['postgresql.log', 'postgresql'],
  ['mongodb.log', 'mongodb'],
  ['mssql.log', 'mssql'],
  ['samba.log', 'samba'],
  ['krb5kdc.log', 'krb5kdc'],
  ['sogo.log', 'sogo'],
  ['zimbra.log', 'zimbra'],
  ['directadmin.log', 'directadmin'],
  ['hestiacp.log', 'hestiacp'],
  ['threeproxy.log', 'threeproxy'],
  ['squid.log', 'squid'],
  ['cpanel.log', 'cpanel'],
  ['servarr.log', 'servarr'],
  ['authentik.log', 'authentik'],
  ['crowdsec.log', 'crowdsec'],
  ['fail2ban.log', 'fail2ban'],
  ['openlitespeed.log', 'openlitespeed'],
  ['mcblock.log', 'mcblock'],
] as const;

/** What can be forged counts against nobody, and is known all the same. */
const FORGEABLE: ReadonlySet<string> = new Set([
  'named',
  'krb5kdc',
  'grafana',
  'emby',
  'jellyfin',
  'servarr',
  'vaultwarden',
  'roundcube',
  'webmin',
  'openlitespeed',
  'nginx-proxy-manager',
]);

const SYSLOGS = [
  ['rfc5424.log', 'sshd'],
  ['iso.log', 'sshd'],
  ['hostless.log', 'sshd'],
  ['busybox.log', 'dropbear'],
  ['openwrt.log', 'dropbear'],
] as const;

describe('a log', () => {
  it.each([...OWN_FILES, ...SYSLOGS])('%s is recognised, with its times', async (name, service) => {
    const log = fixture(name);
    const events = await eventsOf(log);
    const told = events.filter(
      ({ offence, address }) => offence || (FORGEABLE.has(service) && address),
    );
    expect(told.length).toBeGreaterThan(0);
    for (const event of told) {
      expect(event).toMatchObject({ service, address: '192.0.2.7' });
      expect(event.time?.slice(0, HEAD.length)).toBe(HEAD);
    }
    expect(events.every(({ time }) => time?.startsWith('2026-11-22T0'))).toBe(true);
    for (const chunkBytes of [1, 7, 100]) {
      expect(await eventsOf(log, undefined, chunkBytes)).toEqual(events);
    }
  });

  it.each(OWN_FILES)('%s is the same when the service is named', async (name, service) => {
    expect(await eventsOf(fixture(name), service)).toEqual(await eventsOf(fixture(name)));
  });

  it.each(OWN_FILES)('%s may have CRLF line ends and garbage', async (name) => {
    const log = fixture(name);
    const rubbish = Buffer.from([0xff, 0xfe, 0x00, 0x0a, 0xc3, 0x28, 0x0a]);
    const crlf = Buffer.from(log.replaceAll('\n', '\r\n').trimEnd(), 'latin1');
    const events = await eventsOf(Buffer.concat([rubbish, crlf]));
    expect(offencesOf(events)).toEqual(offencesOf(await eventsOf(log)));
  });

  it.each(OWN_FILES)('of a syslogd stays one, even if it quotes %s', async (name) => {
    const lines = fixture(name).trimEnd().split('\n');
    const said = lines.map((line) => `Nov 22 09:00:00 gw x[1]: ${line}\n`).join('');
    const sshd =
      'Nov 22 09:00:00 gw sshd[1]: Failed password for root from 192.0.2.9 port 1 ssh2\n';
    const events = await eventsOf(said + fixture(name) + sshd);
    expect(events.at(-1)).toMatchObject({ service: 'sshd', address: '192.0.2.9', offence: true });
    expect(events.slice(0, lines.length)).toMatchObject(lines.map(() => ({ address: null })));
  });

  it.each([
    ['rfc5424.log', [1, 1, 1, 2]],
    ['iso.log', [1, 1, 1, 1, 2, 1]],
    ['hostless.log', [1, 2, 1]],
  ])('%s counts repetitions', async (name, expected) => {
    const counts = (await eventsOf(fixture(name))).map(({ count }) => count);
    expect(counts).toEqual(expected);
  });

  it('may have one space before a day of one digit', async () => {
    const log = 'Sun Nov 8 09:00:00 2026 [pid 2] [admin] FAIL LOGIN: Client "192.0.2.7"\n';
    const event = { time: '2026-11-08T09:00:00Z', service: 'vsftpd', address: '192.0.2.7' };
    expect(await eventsOf(log)).toMatchObject([event]);
  });

  it('of two services belongs to neither', async () => {
    const events = await eventsOf(fixture('vsftpd.log') + fixture('nginx-error.log'));
    expect(events.some(({ offence }) => offence)).toBe(false);
  });

  it('of nginx ignores lines that nginx truncated', () => {
    const nginx: Scanner = {
      service: 'nginx',
      programs: ['nginx'],
      users: [],
      processes: [],
      file: scanners.find(({ service }) => service === 'nginx')?.file,
      messages: [{ name: 'all', kind: 'note', points: 0 }],
      scan: () => 0,
    };
    const seen: (readonly [number, boolean])[] = [];
    for (const owner of ['nginx', undefined]) {
      const civil = new CivilTime(zoneOffsets('UTC'));
      const reader = new LogReader([nginx], civil, owner, ({ message, cut }) =>
        seen.push([message, cut]),
      );
      const head = owner === undefined ? 'Nov 22 09:00:00 gw nginx: ' : '';
      for (const length of [2046, 2047]) {
        reader.push(Buffer.from(`${head}${'2026/11/22 09:00:00 [error]'.padEnd(length, 'x')}\n`));
      }
    }
    expect(seen).toEqual([
      [0, false],
      [NO_MATCH, true],
      [0, false],
      [NO_MATCH, true],
    ]);
  });
});

describe('a header', () => {
  const cases = [...OWN_FILES, ...SYSLOGS].flatMap(([name, service]) =>
    fixture(name)
      .trimEnd()
      .split('\n')
      .map((line) => ({ line, service })),
  );

  it('that is truncated is read within its bytes', () => {
    for (const { line, service } of cases) {
      for (const read of [readHeader, ownHeader(service), ownHeaderOf(undefined)]) {
        for (let length = 0; length <= line.length; length++) {
          const alone = Buffer.from(line.slice(0, length), 'latin1');
          const among = Buffer.from(`\n${line}`, 'latin1');
          const one = emptyHeader();
          const two = emptyHeader();
          const isOne = read(alone, 0, length, one);
          expect(read(among, 1, length + 1, two)).toBe(isOne);
          if (!isOne) continue;
          const { hostStart, hostEnd, programStart, programEnd, messageStart } = one;
          const isNamed = programStart >= 0;
          expect(two).toEqual({
            ...one,
            hostStart: hostStart + 1,
            hostEnd: hostEnd + 1,
            programStart: isNamed ? programStart + 1 : -1,
            programEnd: isNamed ? programEnd + 1 : -1,
            messageStart: messageStart + 1,
          });
          expect(messageStart).toBeLessThanOrEqual(length);
          expect(hostStart).toBeLessThanOrEqual(hostEnd);
          expect(hostEnd).toBeLessThanOrEqual(length);
        }
      }
    }
  });

  it('of any bytes does not throw', () => {
    const pieces = fc.array(
      fc.oneof(
        fc.constantFrom(...cases.map(({ line }) => line.slice(0, 40))),
        fc.constantFrom('<', '>', '[', ']: ', '-', ' ', '"', '\\', '1 ', 'auth.info ', '+0100'),
        fc.string({ maxLength: 5 }),
      ),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(pieces, fc.constantFrom(...cases), (line, { service }) => {
        const bytes = Buffer.from(line.join(''), 'latin1');
        for (const read of [readHeader, ownHeader(service), ownHeaderOf(undefined)]) {
          const header = emptyHeader();
          if (read(bytes, 0, bytes.length, header)) {
            expect(header.messageStart).toBeLessThanOrEqual(bytes.length);
          }
        }
      }),
    );
  });
});
