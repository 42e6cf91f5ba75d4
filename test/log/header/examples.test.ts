import { describe, expect, it } from 'vitest';
import type { Event } from '../../../src/log/event.ts';
import { readEvents } from '../../../src/log/read-events.ts';
import { readOffences } from '../../../src/log/read-offences.ts';
import { formatAddress, parseAddress } from '../../../src/net/address-text.ts';
import { prefixAround } from '../../../src/net/prefix.ts';
import { shippedGrammars } from '../../grammar/shipped.ts';
import { sourceOf } from '../lines-of.ts';

const NOW = Date.parse('2026-11-29T12:00:00Z') / 1000;
const shipped = shippedGrammars();
const scanners = shipped.map(({ scanner }) => scanner);

/** A time at the beginning of a line, or the one of an access log. */
const TIMED =
  /^\[?(?:\d{4}[/-]\d\d[/-]\d\d[ T]\d\d:|(?:[A-Z]{3,4} |[A-Z][a-z]{2} )?[A-Z][a-z]{2} [ \d]\d \d\d:)|^[^"]* \[\d\d\/[A-Z][a-z]{2}\/\d{4}:[^\]]*\] "/;

const examples = shipped.flatMap(({ grammar: { service, messages } }) =>
  messages.flatMap((message) =>
    message.examples.map(({ line, expected }) => ({
      service,
      text: Buffer.from(line).toString('latin1'),
      event: expected === 'ambiguous' ? 'ambiguous' : (expected.message ?? message.name),
      address: expected === 'ambiguous' ? undefined : expected.address,
    })),
  ),
);
const timed = examples.filter(({ text }) => TIMED.test(text));

async function eventOf(text: string, service?: string): Promise<Event | undefined> {
  const options = { scanners, zone: 'UTC', points: new Map() };
  const owner = service === undefined ? {} : { service };
  const source = sourceOf(Buffer.from(`${text}\n`, 'latin1'), NOW);
  for await (const [event] of readEvents(source, { ...options, ...owner })) return event;
  return undefined;
}

const dropbearLine = (start: string) =>
  `Jul 10 23:53:52 gw dropbear[825]: ${start} Bad password attempt for 'root' from 192.0.2.4:52289`;

const plain = (address: string | undefined) => {
  const parsed = address === undefined ? undefined : parseAddress(address);
  return parsed === undefined ? null : formatAddress(parsed);
};

describe('an example that carries a time', () => {
  it('is found in the grammars that have such', () => {
    const services = new Set(timed.map(({ service }) => service));
    expect([...services]).toEqual(
      expect.arrayContaining(['gitea', 'http-access', 'nginx', 'openbsd-httpd']),
    );
  });

  it.each(timed)('$service: $text is read in a file of the service', async (example) => {
    const { service, text, event, address } = example;
    const read = await eventOf(text, service);
    expect(read).toMatchObject({ service, event, address: plain(address) });
    expect(read?.time).not.toBeNull();
  });

  it.each(timed)('$service: $text is read behind the header of a syslogd', async (example) => {
    const { service, text, event, address } = example;
    const program = scanners.find((one) => one.service === service)?.programs[0];
    const read = await eventOf(`Nov 22 10:00:00 gw ${program}[1]: ${text}`);
    expect(read).toMatchObject({ service, event, address: plain(address), pid: 1 });
  });
});

describe('a line of a service in syslog', () => {
  it.each([
    [
      'dropbear -EF under systemd',
      "Jul 10 23:53:52 gw dropbear[825]: [831] Jul 10 23:53:52 Bad password attempt for 'root' from 192.0.2.4:52289",
      { service: 'dropbear', event: 'failed-login', address: '192.0.2.4', pid: 831 },
    ],
    [
      'Gitea',
      'Mar  1 12:57:59 gw gitea[9]: 2026/03/01 12:57:59 ...ers/web/auth/auth.go:200:SignInPost() [I] [645e123e] Failed authentication attempt for USER from 192.0.2.7:39522: user does not exist [uid: 0]',
      { service: 'gitea', event: 'failed-login', address: '192.0.2.7', user: 'USER' },
    ],
    [
      'Forgejo',
      'Mar  1 12:57:59 gw forgejo[9]: 2026/03/01 12:57:59 ...les/ssh/ssh.go:281:sshConnectionFailed() [W] [x] Failed authentication attempt from 192.0.2.7:39522',
      { service: 'gitea', event: 'failed-key', address: '192.0.2.7' },
    ],
    [
      'nginx, of an access log',
      'Nov 22 10:00:00 gw nginx[2869]: 192.0.2.7 - bob [22/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 401 5 "-" "curl/8"',
      { service: 'http-access', event: 'failed-login', address: '192.0.2.7', user: 'bob' },
    ],
    [
      'nginx, of its error log',
      'Nov 22 10:00:00 gw nginx: 2026/11/22 10:00:00 [error] 1#1: *1 user "bob": password mismatch, client: 192.0.2.7, server: x, request: "GET / HTTP/1.1"',
      { service: 'nginx', event: 'failed-login', address: '192.0.2.7', user: 'bob' },
    ],
    [
      'nginx, of neither',
      'Nov 22 10:00:00 gw nginx[1]: 2026/11/22 10:00:00 [error] 1#1: *1 what is this',
      { service: 'nginx', event: null, address: null },
    ],
    [
      "OpenBSD's httpd",
      'Jul  8 00:33:13 gw httpd[9]: www.example.org 192.0.2.7 - admin [08/Jul/2026:00:33:13 -0400] "GET /private HTTP/1.1" 401 0',
      { service: 'openbsd-httpd', event: 'failed-login', address: '192.0.2.7', user: 'admin' },
    ],
  ])('of %s is read', async (_, line, expected) => {
    expect(await eventOf(line)).toMatchObject(expected);
  });

  it('counts each time that a process of nginx refuses somebody', async () => {
    const line =
      'Nov 22 10:00:00 gw nginx[2869]: 192.0.2.7 - bob [22/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 401 5\n';
    const options = { scanners, zone: 'UTC', points: new Map(), known: () => [] };
    const { groups } = await readOffences(sourceOf(line.repeat(3), NOW), options);
    const offences = [...groups((address) => prefixAround(address, 24))].flatMap((group) =>
      Array.from(group.offences, ({ points }) => points),
    );
    expect(offences).toEqual([10, 10, 10]);
  });

  it('whose message only begins like that of dropbear -E is read as it is', async () => {
    for (const start of [
      '[x]',
      '[831]',
      '[831] Jul 10',
      '[99999999] Jul 10 23:53:52',
      '[] Jul 10 23:53:52',
    ]) {
      expect(await eventOf(dropbearLine(start))).toMatchObject({
        event: null,
        address: null,
        pid: 825,
      });
    }
  });
});
