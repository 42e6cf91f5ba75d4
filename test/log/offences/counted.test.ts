import { describe, expect, it } from 'vitest';
import { grammars } from '#grammars';
import { instantiate } from '../../../grammar/notation/instance.ts';
import { readOffences } from '../../../src/log/read-offences.ts';
import { formatAddress } from '../../../src/net/address-text.ts';
import { prefixAround } from '../../../src/net/prefix.ts';
import { sourceOf } from '../lines-of.ts';

const NOW = Date.parse('2026-03-24T00:00:00Z') / 1000;
const scanners = grammars.map(instantiate);

/** Reads lines that are a second apart, or as many as `wait` says. */
async function read(lines: readonly string[], wait = 1) {
  const start = Date.parse('2026-03-20T00:00:00Z');
  const log = lines.map((line, index) => {
    const time = new Date(start + index * wait * 1000).toISOString().slice(0, 19);
    return `${time}Z gw ${line}\n`;
  });
  const options = { scanners, zone: 'UTC', points: new Map(), known: () => [] };
  return readOffences(sourceOf(log.join(''), NOW), options);
}

/** What the lines count, as `address message points` for each offence. */
async function counted(lines: readonly string[], wait?: number): Promise<string[]> {
  const { groups } = await read(lines, wait);
  return [...groups((address) => prefixAround(address, 0))].flatMap(({ offences }) =>
    Array.from(
      offences,
      ({ address, kind, points }) => `${formatAddress(address)} ${kind.message} ${points}`,
    ),
  );
}

async function loggedIn(lines: readonly string[]): Promise<string[]> {
  return (await read(lines)).logins.map(({ address }) => formatAddress(address));
}

/** These lines again and again, with N replaced by the number of the repetition. */
function times(count: number, ...lines: readonly string[]): string[] {
  return Array.from({ length: count }, (_, n) =>
    lines.map((line) => line.replaceAll('%N', String(n + 1))),
  ).flat();
}

const A = '203.0.113.7';

describe('the keys of one ssh connection', () => {
  it('count once', async () => {
    const key = `sshd[500]: Failed publickey for git from ${A} port 57904 ssh2: ED25519 SHA256:`;
    expect(await counted([`${key}a`, `${key}b`, `${key}c`])).toEqual([`${A} failed-key 10`]);
  });

  it('count no more than the password that follows them', async () => {
    const end = `for git from ${A} port 57904 ssh2`;
    const lines = [`sshd[500]: Failed publickey ${end}`, `sshd[500]: Failed password ${end}`];
    expect(await counted(lines)).toEqual([`${A} failed-key 10`]);
  });
});

describe('a daemon that outlives its connections', () => {
  it('writes a drop of sshd for each connection that it refuses because of the peer', async () => {
    const drop = (reason: string) =>
      times(288, `sshd[812]: drop connection #0 from [${A}]:4%N on [198.51.100.2]:22 ${reason}`);
    const failed = await counted(drop('penalty: failed authentication'), 300);
    expect(failed).toEqual(Array(288).fill(`${A} dropped 3`));
    const many = await counted(drop('past PerSourceMaxStartups'), 300);
    expect(many).toEqual(Array(288).fill(`${A} dropped 3`));
  });

  it('blames nobody for the connections that others fill', async () => {
    for (const reason of ['past MaxStartups', 'too many penalised addresses']) {
      const line = `sshd[812]: drop connection #0 from [${A}]:4%N on [198.51.100.2]:22 ${reason}`;
      expect(await counted(times(20, line))).toEqual([]);
    }
  });

  it('names the process of a connection of sshd that timed out', async () => {
    const line = `Timeout before authentication for connection from ${A} to 198.51.100.2, pid = 9%N`;
    const lines = times(30, `sshd[812]: ${line}`);
    expect(await counted(lines)).toEqual(Array(30).fill(`${A} no-login-in-time-l 2`));
    const failed = `sshd-session[9%N]: Failed password for root from ${A} port 4711 ssh2`;
    const both = times(30, failed, `sshd[812]: ${line}`);
    expect(await counted(both)).toEqual(Array(30).fill(`${A} failed-login 10`));
  });

  it('serves many clients of postscreen at once', async () => {
    const lines = times(
      5,
      `postfix/postscreen[500]: CONNECT from [${A}]:4%N to [198.51.100.2]:25`,
      `postfix/postscreen[500]: PREGREET 11 after 0.1 from [${A}]:4%N: EHLO User`,
      `postfix/postscreen[500]: HANGUP after 0.2 from [${A}]:4%N in tests after SMTP handshake`,
      `postfix/postscreen[500]: DISCONNECT [${A}]:4%N`,
    );
    expect(await counted(lines)).toEqual(Array(5).fill(`${A} screened 10`));
    const alone = times(5, `postfix/postscreen[500]: PREGREET 11 after 0 from [${A}]:4%N: EHLO`);
    expect(await counted(alone)).toEqual(Array(5).fill(`${A} screened 10`));
  });

  it('serves one client of smtpd after the other', async () => {
    const peer = `unknown[${A}]`;
    const lost = `postfix/smtpd[600]: lost connection after AUTH from ${peer}`;
    expect(await counted(times(5, lost))).toEqual(Array(5).fill(`${A} auth-broken-off 10`));
    const whole = [
      `postfix/smtpd[600]: connect from ${peer}`,
      lost,
      `postfix/smtpd[600]: disconnect from ${peer} ehlo=1 auth=0/1 commands=1/2`,
    ];
    expect(await counted(times(5, ...whole))).toEqual(Array(5).fill(`${A} auth-broken-off 10`));
    expect(await counted(times(5, ...whole.slice(1)))).toEqual(
      Array(5).fill(`${A} auth-broken-off 10`),
    );
    const ends = times(5, `postfix/smtpd[600]: disconnect from ${peer} auth=0/1 commands=0/1`);
    expect(await counted(ends)).toEqual(Array(5).fill(`${A} auth-none-passed 10`));
    const failed = `postfix/smtpd[600]: warning: ${peer}: SASL LOGIN authentication failed: x`;
    const attempts = times(5, whole[0] ?? '', failed, ...whole.slice(1));
    expect(await counted(attempts)).toEqual(Array(5).fill(`${A} failed-login 10`));
  });

  it('writes the session of each connection of OpenSMTPD', async () => {
    const lines = times(
      5,
      `smtpd[700]: 9a3c8e0b1f2d4c5%N smtp event=failed-command address=${A} host=h.example command="AUTH PLAIN (...)" result="535 Authentication failed"`,
    );
    expect(await counted(lines)).toEqual(Array(5).fill(`${A} failed-command 10`));
  });
});

describe('a daemon that writes no process', () => {
  it('is counted by the ports of the peers', async () => {
    const end = `for root from ${A} port 4711 ssh2`;
    const lines = [
      `sshd: Failed password ${end}`,
      `sshd: Failed password ${end}`,
      `sshd: error: maximum authentication attempts exceeded ${end} [preauth]`,
      `sshd: Disconnecting authenticating user root ${A} port 4711: Too many authentication failures [preauth]`,
      `sshd: Invalid user x from ${A} port 4712`,
      `sshd: Failed password for invalid user x from ${A} port 4712 ssh2`,
    ];
    expect(await counted(lines)).toEqual([
      `${A} failed-login 10`,
      `${A} failed-login 10`,
      `${A} invalid-user 10`,
    ]);
  });
});

describe('a daemon that writes of each request or connection', () => {
  it.each([
    `asterisk[812]: NOTICE[%N]: chan_sip.c:2 in x: Host ${A} failed to authenticate as 'x'`,
    `nsd[812]: axfr for example.org. from ${A} refused, no acl matches`,
    `nginx[812]: 2026/03/01 12:00:00 [error] 1#1: *%N [client ${A}] ModSecurity: Access denied with code 403 (phase 2). x`,
    `openvpn[812]: ${A}:4%N TLS Auth Error: Auth Username/Password was not provided by peer`,
    `httpd[812]: [:error] [pid 7:tid 2] [client ${A}:4%N] [client ${A}] ModSecurity: Access denied with code 403 (phase 2). x`,
    `dovecot[4]: auth: passwd-file(me,${A},<abc%N>): unknown user`,
  ])('counts each: %s', async (line) => {
    const found = await counted(times(10, line));
    expect(found).toHaveLength(10);
    for (const offence of found) expect(offence).toMatch(/ 10$/);
  });

  it('counts each of several kinds by turns', async () => {
    const lines = times(
      10,
      `nginx[812]: 2026/03/01 12:00:00 [error] 1#1: *%N access forbidden by rule, client: ${A}, server: x, request: "GET / HTTP/1.1", host: "x"`,
      `nginx[812]: 2026/03/01 12:00:00 [error] 1#1: *%N limiting requests, excess: 1.5 by zone "x", client: ${A}, server: x, request: "GET / HTTP/1.1", host: "x"`,
    );
    expect(await counted(lines)).toEqual(Array(10).fill(`${A} denied 2`));
  });

  it('counts a login of dovecot once with what the auth process writes of it', async () => {
    const lines = times(
      3,
      `dovecot[4]: auth: passwd-file(me,${A},<abc%N>): unknown user`,
      `dovecot[5]: imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<me>, method=PLAIN, rip=${A}, lip=198.51.100.1, TLS, session=<abc%N>`,
    );
    expect(await counted(lines)).toEqual(Array(3).fill(`${A} auth-failed 10`));
  });
});

describe('a connection that the TCP wrappers refuse', () => {
  it.each([
    ['tcpd', 'vsftpd', 2],
    ['tcpd', 'in.telnetd', 2],
    ['libwrap', 'rpcbind', 0],
    ['libwrap', 'in.tftpd', 0],
    ['sshd', 'sshd', 2],
  ])('is known by the service %s for %s and counts %d points', async (service, program, points) => {
    const found = await read([`${program}[812]: refused connect from ${A} (${A})`]);
    expect(found.messages).toMatchObject([{ service, count: 1 }]);
    expect(found.offenceCount).toBe(points > 0 ? 1 : 0);
  });
});

describe('a line that names its peer through its connection', () => {
  it('is a failed login of OpenSMTPD since 6.4', async () => {
    const lines = times(
      60,
      `smtpd[700]: 9a3c8e0b1f2d4c%N smtp connected address=${A} host=h.example`,
      'smtpd[700]: 9a3c8e0b1f2d4c%N smtp authentication user=info@example.org result=permfail',
      'smtpd[700]: 9a3c8e0b1f2d4c%N smtp failed-command command="AUTH LOGIN (password)" result="535 Authentication failed"',
      'smtpd[700]: 9a3c8e0b1f2d4c%N smtp disconnected reason=quit',
    );
    expect(await counted(lines)).toEqual(Array(60).fill(`${A} failed-in-session 10`));
  });

  it('is a login of OpenSMTPD', async () => {
    const lines = [
      `smtpd[700]: 9a smtp connected address=${A} host=h.example`,
      'smtpd[700]: 9b smtp connected address=203.0.113.99 host=h.example',
      'smtpd[700]: 9a smtp authentication user=me result=ok',
    ];
    expect(await loggedIn(lines)).toEqual([A]);
  });

  it('never names whom the client names', async () => {
    const lines = [
      `smtpd[700]: 9a smtp connected address=${A} host=h.example`,
      'smtpd[700]: 9a smtp authentication user=x address=198.51.100.9 host=y result=permfail',
      'smtpd[700]: 9c smtp authentication user=x address=198.51.100.9 host=y result=permfail',
    ];
    expect(await counted(lines)).toEqual([`${A} failed-in-session 10`]);
  });

  it('is the end of a connection of dropbear', async () => {
    const lines = [
      `dropbear[901]: Child connection from ${A}:40001`,
      `dropbear[902]: Child connection from 203.0.113.8:40001`,
      `dropbear[901]: Exit before auth (user 'root', 1 fails): Exited normally`,
      `dropbear[902]: Exit before auth: Exited normally`,
    ];
    expect(await counted(lines)).toEqual([
      `${A} exhausted-unnamed 10`,
      '203.0.113.8 closed-unnamed 2',
    ]);
  });

  it('counts once with the failed login of its connection', async () => {
    const lines = [
      `dropbear[901]: Child connection from ${A}:40001`,
      `dropbear[901]: Bad password attempt for 'root' from ${A}:40001`,
      `dropbear[901]: Exit before auth (user 'root', 1 fails): Exited normally`,
    ];
    expect(await counted(lines)).toEqual([`${A} failed-login 10`]);
  });

  it('is a line of sshd at LogLevel VERBOSE', async () => {
    const lines = [
      `sshd[901]: Connection from ${A} port 40001 on 198.51.100.2 port 22 rdomain "0"`,
      'sshd[901]: Disconnecting: Too many authentication failures [preauth]',
      `sshd[902]: Connection from 203.0.113.8 port 40001 on 198.51.100.2 port 22`,
      'sshd[902]: fatal: no matching mac found: client hmac-md5 server umac-64 [preauth]',
      `sshd[903]: Connection from 203.0.113.9 port 40001`,
      'sshd[903]: error: kex_exchange_identification: Connection closed by remote host',
    ];
    expect(await counted(lines)).toEqual([
      `${A} too-many-unnamed 10`,
      '203.0.113.8 no-common-unnamed 2',
      '203.0.113.9 no-ident-unnamed 2',
    ]);
  });

  it('names nobody if its connection is unknown or long silent', async () => {
    const end = 'sshd[901]: Disconnecting: Too many authentication failures [preauth]';
    const start = `sshd[901]: Connection from ${A} port 40001`;
    expect(await counted([end])).toEqual([]);
    expect(await counted(['sshd[902]: Connection from 203.0.113.8 port 1', end])).toEqual([]);
    expect(await counted([start, end], 600)).toEqual([`${A} too-many-unnamed 10`]);
    expect(await counted([start, end], 601)).toEqual([]);
  });
});
