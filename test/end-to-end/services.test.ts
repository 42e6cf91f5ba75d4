import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandLine } from '../support/command-line.ts';

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
});
afterEach(() => line.remove());

function configure(text: string): void {
  line.config = line.path('mcblock.toml');
  writeFileSync(line.config, `${text}\n`);
}

async function parse(...messages: string[]) {
  const file = line.path('all.log');
  writeFileSync(file, messages.map((message) => `Mar 19 12:00:00 gw ${message}\n`).join(''));
  const { stdout } = await line.run('parse', '--json', '--year', '2026', file);
  return stdout
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text) as Record<string, unknown>);
}

describe('the service of a line', () => {
  it('is the program in its header', async () => {
    expect(
      await parse(
        'sshd[1]: Failed password for root from 5.149.104.9 port 4711 ssh2',
        'postfix/smtpd[2]: warning: unknown[5.149.104.9]: SASL LOGIN authentication failed: UGFzc3dvcmQ6',
        "dropbear[3]: Bad password attempt for 'root' from 5.149.104.9:4711",
        'proftpd[4]: gw (5.149.104.9[5.149.104.9]) - USER admin: no such user found from 5.149.104.9 [5.149.104.9] to 192.0.2.1:21',
      ),
    ).toMatchObject([
      { service: 'sshd', address: '5.149.104.9', offence: true },
      { service: 'postfix', address: '5.149.104.9', offence: true },
      { service: 'dropbear', address: '5.149.104.9', offence: true },
      { service: 'proftpd', address: '5.149.104.9', offence: true },
    ]);
  });

  it('is PAM for PAM messages of a program without a grammar, and nothing else', async () => {
    const failure =
      'authentication failure; logname= uid=0 euid=0 tty= ruser= rhost=5.149.104.9  user=root';
    expect(
      await parse(
        `cockpit-session[5]: pam_unix(cockpit:auth): ${failure}`,
        `cockpit-session[5]: he said: pam_unix(cockpit:auth): ${failure}`,
        'backup[6]: Failed password for root from 5.149.104.9 port 4711 ssh2',
      ),
    ).toMatchObject([
      { service: 'pam', event: 'pam-failed', address: '5.149.104.9', offence: true },
      { service: null, event: null, address: null, offence: false },
      { service: null, event: null, address: null, offence: false },
    ]);
  });

  it('is never named by the message', async () => {
    expect(
      await parse(
        'postfix/smtpd[2]: sshd[1]: Failed password for root from 5.149.104.9 port 4711 ssh2',
        'sshd[1]: Invalid user sshd[1]: Failed password for root from 5.149.104.9 port 1 ssh2 from 192.0.2.7 port 4711',
      ),
    ).toMatchObject([
      { event: null, address: null },
      { event: 'invalid-user', address: '192.0.2.7' },
    ]);
  });
});

describe('a UDP packet', () => {
  // Its source is whatever its sender wrote there.
  it.each([
    "named[1]: client @0x7f 5.149.104.9#53 (example.org): query (cache) 'example.org/A/IN' denied",
    "named[1]: client @0x7f 5.149.104.9#53 (example.org): zone transfer 'example.org/AXFR/IN' denied",
    "named[1]: client 5.149.104.9#53: zone transfer 'example.org/IXFR/IN' denied",
    "asterisk[1]: NOTICE[2]: chan_sip.c:3 in handle_request_register: Registration from '<sip:1@x>' failed for '5.149.104.9:5060' - No matching peer found",
    "asterisk[1]: NOTICE[2]: chan_sip.c:3 in handle_request_register: Registration from '<sip:1@x>' failed for '5.149.104.9:5060' - Wrong password",
    "freeswitch[1]: [WARNING] sofia_reg.c:1478 SIP auth failure (INVITE) on sofia profile 'internal' for [1@x] from ip 5.149.104.9",
    "asterisk[1]: NOTICE[2]: res_pjsip_session.c:2337 new_invite: Call from 'x' (UDP:5.149.104.9:5060) to extension '9' rejected because extension not found in context 'default'.",
    'asterisk[1]: SECURITY[2]: res_security_log.c:4 in cb: SecurityEvent="InvalidAccountID",EventTV="1-1",Severity="Error",Service="PJSIP",EventVersion="1",AccountID="7",SessionID="x",LocalAddress="IPV4/UDP/192.0.2.1/5060",RemoteAddress="IPV4/UDP/5.149.104.9/5061"',
    "freeswitch[1]: 2026-11-22 10:00:00.1 [WARNING] sofia_reg.c:2531 Can't find user [1@x] from 5.149.104.9",
    'openvpn[1]: 5.149.104.9:1194 TLS Error: TLS handshake failed',
    'openvpn[1]: TLS Error: incoming packet authentication failed from [AF_INET]5.149.104.9:1194',
    'nsd[1]: ratelimit block example.com. type any target 5.149.104.0/24 query 5.149.104.9 TYPE255',
  ])('counts against nobody: %s', async (message) => {
    const [event] = await parse(message);
    expect(event).toMatchObject({ offence: false, points: null });
    expect(event?.['event']).not.toBe(null);
  });
});

describe('a UDP packet that the policy counts', () => {
  it('has the points of the policy', async () => {
    configure('[[rule]]\nname = "x"\nmessages = ["named.query-denied"]\npoints = 2');
    expect(
      await parse("named[1]: client 5.149.104.9#53: query 'example.org/A/IN' denied"),
    ).toMatchObject([{ event: 'query-denied', offence: true, points: 2 }]);
  });
});

describe("a user's grammar for a program with a shipped one", () => {
  it('adds its messages to the shipped ones', async () => {
    const folder = line.path('grammar.d');
    mkdirSync(folder);
    writeFileSync(
      join(folder, 'more-sshd.grammar'),
      'service more-sshd "sshd"\nrefused-guest attempt 10 = "Refused guest " USER " at " ADDRESS " port " PORT\n',
    );
    configure(`grammar.folder = "${folder}"`);
    expect(
      await parse(
        'sshd[1]: Refused guest me at 5.149.104.9 port 4711',
        'sshd[1]: Failed password for root from 5.149.104.9 port 4711 ssh2',
      ),
    ).toMatchObject([
      { service: 'more-sshd', event: 'refused-guest', address: '5.149.104.9', offence: true },
      { service: 'sshd', event: 'failed-login', address: '5.149.104.9', offence: true },
    ]);
  });
});

describe('--service', () => {
  it('names the service of a file', async () => {
    const file = line.path('own.log');
    writeFileSync(
      file,
      '2026-11-22 10:00:00 login authenticator failed for (User) [5.149.104.9]: 535 Incorrect authentication data\n',
    );
    const { stdout } = await line.run('parse', '--json', '--service', 'exim', file);
    expect(JSON.parse(stdout)).toMatchObject({
      service: 'exim',
      host: null,
      time: '2026-11-22T10:00:00Z',
      address: '5.149.104.9',
      offence: true,
    });
    const other = await line.run('parse', '--json', '--service', 'named', file);
    expect(JSON.parse(other.stdout)).toMatchObject({ service: 'named', event: null });
  });

  it.each([
    ['exmi', 'did you mean exim?'],
    ['something-else', 'mcblock grammar list lists them'],
  ])('refuses %s', async (name, hint) => {
    const { exitCode, stderr } = await line.run('grok', '--service', name, '-');
    expect(exitCode).toBe(2);
    expect(stderr).toContain(hint);
  });
});

describe("a user's grammar with an error", () => {
  it.each(['grok --no-apply', 'parse', 'watch --once'])(
    'is left out by %s, which exits with 1',
    async (command) => {
      const folder = line.path('grammar.d');
      mkdirSync(folder);
      writeFileSync(join(folder, 'a.grammar'), 'service a "a"\nx attempt = "no " ADDRESS\n');
      writeFileSync(join(folder, 'b.grammar'), 'service b "b"\nx attempt 30 = "no " ADDRESS\n');
      configure(
        `grammar.folder = "${folder}"\n[[rule]]\nname = "x"\nmessages = ["a.x"]\npoints = 20`,
      );
      const log = line.path('b.log');
      const text = ['b[1]: no 5.149.104.9', 'sshd[1]: Connection closed by 5.149.105.9 port 1'];
      writeFileSync(log, text.map((message) => `2026-01-01T00:00:00Z gw ${message}\n`).join(''));
      const { exitCode, stdout, stderr } = await line.run(...command.split(' '), log);
      expect(exitCode).toBe(1);
      expect(stderr).toBe(
        `mcblock: ${join(folder, 'a.grammar')}:2:1: x needs points, as in "x attempt 10 = …"; this grammar is not used\n`,
      );
      expect(stdout).toMatch(/5\.149\.104/);
    },
  );
});

describe('parse --unknown', () => {
  it.each([
    ['no lines', ''],
    ['no line of a known service among 2', 'one\ntwo\n'],
    ['no line of a known service among 1', '2026-01-01T00:00:00Z gw x[1]: y\n'],
    [
      'all messages of known services match',
      '2026-01-01T00:00:00Z gw sshd[1]: Server listening on 0.0.0.0 port 22.\n',
    ],
  ])('says: %s', async (remark, text) => {
    const log = line.path('any.log');
    writeFileSync(log, text);
    const { exitCode, stdout, stderr } = await line.run('parse', '--unknown', log);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
    expect(stderr.trimEnd().split('\n').at(-1)).toBe(remark);
  });

  it('tells what the lines look like if none has a header', async () => {
    const log = line.path('any.log');
    writeFileSync(log, 'one\ntwo\n');
    const { stderr } = await line.run('parse', '--unknown', log);
    expect(stderr).toContain('no line has the header of a log line; the first is "one"');
  });
});
