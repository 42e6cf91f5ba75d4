import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/store.ts';
import { addUser, serve } from '../fleet/serve.ts';
import { certificate } from '../support/certificate.ts';
import { CommandLine } from '../support/command-line.ts';
import { until } from '../support/until.ts';

const NOW = Date.UTC(2026, 0, 1) / 1000;

interface Told {
  readonly type: string;
  readonly at: string;
  readonly text: string;
  readonly [field: string]: string | number;
}

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
});
afterEach(() => line.remove());

function configure(text: string): void {
  line.config = line.path('mcblock.toml');
  writeFileSync(line.config, text);
}

function configureCommand(more = ''): void {
  configure(`[notify]\ncommand = ["/usr/bin/tee", "-a", "${line.path('told')}"]\n${more}`);
}

function configureUrl(url: string): void {
  configure(
    `[notify]\nurl = "${url}"\ntoken-file = "${line.path('token')}"\nca = "${line.path('hook.pem')}"\n`,
  );
}

/** What the command was given since it was last asked. */
function told(): Told[] {
  if (!existsSync(line.path('told'))) return [];
  const lines = readFileSync(line.path('told'), 'utf8').trimEnd().split('\n');
  rmSync(line.path('told'));
  return lines.map((text) => JSON.parse(text) as Told);
}

describe('notify', () => {
  it('tells once of an entry wider than the limit', async () => {
    configureCommand('events = ["wide-entry"]\nwider4 = 20');
    await line.run('add', '5.149.104/24', '45.16/12', '45.128.0/20');
    expect(await line.run('notify')).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: '1 notification sent\n',
    });
    expect(told()).toMatchObject([
      {
        type: 'wide-entry',
        at: '2026-01-01T00:00:00Z',
        prefix: '45.16.0.0/12',
        origin: 'manual',
        text: 'new entry 45.16.0.0/12, origin manual',
      },
    ]);
    expect((await line.run('notify')).stderr).toBe('');
    expect(told()).toEqual([]);
  });

  it('tells of many new entries in an hour', async () => {
    configureCommand('events = ["many-entries"]\nentries = 2');
    await line.run('add', '5.149.104/24', '9.9.9.9');
    await line.run('notify');
    expect(told()).toEqual([]);
    await line.run('add', '2001:67c::/32');
    await line.run('notify');
    expect(told()).toMatchObject([{ type: 'many-entries', entries: 3 }]);
  });

  it('tells of a login after failures from the same address', async () => {
    configureCommand('events = ["login-after-failures"]\nfailures = 5');
    const log = line.path('auth.log');
    writeFileSync(log, loginAfter('192.0.2.7', 4) + loginAfter('198.51.100.9', 6));
    await line.run('grok', '--no-apply', log);
    await line.run('notify');
    expect(told()).toMatchObject([
      { type: 'login-after-failures', address: '198.51.100.9', service: 'sshd', failures: 6 },
    ]);
  });

  it('tells that the fleet deferred reports', async () => {
    configureCommand(
      'events = ["over-budget"]\n[fleet]\nurl = "https://fleet.example.net"\nuser = "gate1"\npassword-file = "/etc/none"\n',
    );
    await line.run('add', '--share', '5.149.104/24');
    const store = openStore(line.db, { mode: 'change', outbox: { most: 10, now: () => NOW } });
    store.outbox.defer(
      store.outbox.after(0, 10).map(({ id }) => id),
      'over budget',
      NOW + 86_400,
    );
    store.close();
    await line.run('notify');
    expect(told()).toMatchObject([{ type: 'over-budget', reports: 1 }]);
  });

  it('tells at the server of a member over its budget, once a day', async () => {
    configureCommand('events = ["member-over-budget"]\n[limits]\nuser-share = "1/16777216"\n');
    const [db, config] = [line.path('fleet.db'), line.config ?? ''];
    addUser(db, 'gate1', 'correct horse battery');
    const server = await serve('--db', db, '--config', config);
    try {
      const headers = {
        authorization: `Basic ${btoa('gate1:correct horse battery')}`,
        'content-type': 'application/json',
      };
      const report = async (prefix: string) => {
        const body = JSON.stringify({ reports: [{ type: 'block', prefix }] });
        const answer = await fetch(`${server.origin}/v2/reports`, {
          method: 'POST',
          headers,
          body,
        });
        return answer.text();
      };
      expect(await report('5.149.104.0/24')).toContain('"new"');
      for (const prefix of ['5.149.106.0/24', '5.149.108.0/24']) {
        expect(await report(prefix)).toContain('limits.user-share');
      }
      await until(() => existsSync(line.path('told')));
    } finally {
      server.process.kill();
      await server.ended;
    }
    expect(told()).toMatchObject([
      {
        type: 'member-over-budget',
        member: 'gate1',
        reports: 1,
        text: 'gate1 is over its budget: 1 report waits',
      },
    ]);
  });

  it('tells of a problem that doctor finds, once a day', async () => {
    configureCommand('events = ["problem"]\n[firewall]\nkind = "nft"\nnft = "/usr/sbin/none"\n');
    await line.run('notify');
    const found = told().filter(({ check }) => check === 'firewall');
    expect(found).toMatchObject([
      { type: 'problem', text: expect.stringContaining('/usr/sbin/none') },
    ]);
    line.now = '2026-01-01T01:00:00Z';
    await line.run('notify');
    expect(told()).toEqual([]);
    line.now = '2026-01-02T00:00:00Z';
    await line.run('notify');
    expect(told().map(({ check }) => check)).toContain('firewall');
  });

  it('tells of each log in which there is a problem', async () => {
    const names = ['a', 'b'].map((name) => line.path(name));
    for (const name of names) mkdirSync(name);
    const logs = names.map((name) => `[[log]]\nfile = "${name}"\n`);
    configureCommand(`events = ["problem"]\n${logs.join('')}`);
    await line.run('notify');
    const found = told().filter(({ check }) => check === 'log');
    expect(found.map(({ text }) => names.findIndex((name) => text.includes(name)))).toEqual([0, 1]);
    await line.run('notify');
    expect(told().filter(({ check }) => check === 'log')).toEqual([]);
  });

  it('tells once of each block of a rule that asks for it', async () => {
    configureCommand(`events = ["wide-entry"]
[[rule]]
name = "office"
prefixes = ["5.149.104.0/22"]
notify = true
`);
    await line.run('add', '5.149.104/24', '9.9.9.9');
    await line.run('notify');
    expect(told()).toMatchObject([
      {
        type: 'rule',
        rule: 'office',
        prefix: '5.149.104.0/24',
        text: 'rule office applied to 5.149.104.0/24',
      },
    ]);
    await line.run('notify');
    expect(told()).toEqual([]);
  });

  it('tells of a block of such a rule that was given an end', async () => {
    configureCommand(`events = ["wide-entry"]
[[rule]]
name = "long"
prefixes = ["5.149.0.0/16"]
forever = true
[[rule]]
name = "quiet"
prefixes = ["5.149.104.0/25"]
notify = false
[[rule]]
name = "office"
prefixes = ["5.149.104.0/22"]
notify = true
`);
    await line.run('add', '--for', '1h', '5.149.104.0/26', '5.149.105/24', '5.149.200/24');
    await line.run('notify');
    expect(told()).toMatchObject([{ type: 'rule', rule: 'office', prefix: '5.149.105.0/24' }]);
    const made = async (address: string, rule: string | null) =>
      expect(await line.json('explain', address)).toMatchObject([
        { entries: [{ history: [{ rule, until: '2026-01-01T01:00:00Z' }] }] },
      ]);
    await made('5.149.105.1', 'office (notify)');
    await made('5.149.200.1', null);
  });

  it('sends at most so many in an hour, and counts the others', async () => {
    configureCommand('events = ["wide-entry"]\nlimit = 3');
    await line.run('add', '11/12', '12/12', '13/12', '14/12', '15/12');
    expect((await line.run('notify')).stderr).toBe('3 notifications sent; 3 left out\n');
    expect(told().map(({ type, text }) => [type, text])).toEqual([
      ['wide-entry', 'new entry 11.0.0.0/12, origin manual'],
      ['wide-entry', 'new entry 12.0.0.0/12, origin manual'],
      ['left-out', 'left out by notify.limit: wide-entry 3'],
    ]);
    await line.run('add', '16/12');
    await line.run('notify');
    expect(told()).toEqual([]);
    line.now = '2026-01-01T01:00:01Z';
    await line.run('notify');
    expect(told().map(({ text }) => text)).toEqual(['new entry 16.0.0.0/12, origin manual']);
  });

  it('keeps what cannot be sent for the next time', async () => {
    configure('[notify]\ncommand = ["/bin/false"]\n');
    await line.run('add', '11/12');
    expect(await line.run('notify')).toMatchObject({
      exitCode: 1,
      stderr: 'mcblock: /bin/false: no error message\n',
    });
    configureCommand();
    await line.run('notify');
    expect(told()).toMatchObject([{ type: 'wide-entry' }]);
  });

  it('sends a test', async () => {
    configureCommand();
    expect((await line.run('notify', 'test')).stderr).toBe('notification sent\n');
    expect(told()).toMatchObject([{ type: 'test', text: 'this is a test' }]);
  });

  it.each([
    ['', 'set notify.command or notify.url'],
    [
      '[notify]\ncommand = ["/bin/cat"]\nurl = "https://example.net/"',
      'set notify.command or notify.url, not both',
    ],
    ['[notify]\nurl = "http://example.net/"', 'https'],
    ['[notify]\ncommand = ["cat"]', 'absolute path'],
    ['[notify]\nevents = ["all"]', 'wide-entry'],
  ])('refuses the configuration %j', async (config, message) => {
    configure(config);
    expect(await line.run('notify', 'test')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(message),
    });
  });
});

describe.skipIf(!existsSync('/usr/bin/openssl'))('notify over https (needs openssl)', () => {
  const TOKEN = 'T0/B1/s3cr3t';
  let server: Server;
  let status = 200;
  let requests: { path: string; authorization: string | undefined; body: string }[] = [];
  let address = '';

  beforeEach(async () => {
    [status, requests] = [200, []];
    server = createServer(certificate(line.folder, 'hook'), (incoming, response) => {
      let body = '';
      incoming.on('data', (part: Buffer) => {
        body += part.toString();
      });
      incoming.on('end', () => {
        const { url: path = '', headers } = incoming;
        requests.push({ path, authorization: headers.authorization, body });
        response.writeHead(status, { location: 'https://127.0.0.1:1/' }).end();
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    writeFileSync(line.path('token'), `${TOKEN}\n`, { mode: 0o600 });
  });
  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });
  it('posts JSON, with the token of a file', async () => {
    configureUrl(`${address}/hook`);
    expect((await line.run('notify', 'test')).exitCode).toBe(0);
    expect(requests).toMatchObject([{ path: '/hook', authorization: `Bearer ${TOKEN}` }]);
    expect(JSON.parse(requests[0]?.body ?? '')).toMatchObject({ type: 'test' });
  });

  it('puts the token into the URL where that has a place for it', async () => {
    configureUrl(`${address}/services/{token}`);
    expect((await line.run('notify', 'test')).exitCode).toBe(0);
    expect(requests).toMatchObject([{ path: `/services/${TOKEN}`, authorization: undefined }]);
  });

  it.each([
    ['{token}/send', 'a$&b/1:2?c#d', 'a$&b/1:2%3Fc%23d/send'],
    ['send?token={token}', 'a+b/c=$$', 'send?token=a%2Bb%2Fc%3D%24%24'],
  ])('leaves no byte of a token out of %s', async (path, token, sent) => {
    writeFileSync(line.path('token'), `${token}\n`, { mode: 0o600 });
    configureUrl(`${address}/${path}`);
    expect((await line.run('notify', 'test')).exitCode).toBe(0);
    expect(requests).toMatchObject([{ path: `/${sent}` }]);
  });

  it.each([500, 302, 404])('fails on status %i, and names no token', async (code) => {
    status = code;
    configureUrl(`${address}/services/{token}`);
    expect(await line.run('notify', 'test')).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: `mcblock: ${address}/services/{token}: status ${code}\n`,
    });
  });

  it('refuses a certificate that nobody vouches for, and a token that others can read', async () => {
    configure(`[notify]\nurl = "${address}/"\n`);
    expect(await line.run('notify', 'test')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(`${address}/: `),
    });
    expect(requests).toEqual([]);
    chmodSync(line.path('token'), 0o644);
    configureUrl(`${address}/`);
    expect(await line.run('notify', 'test')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('others can read it'),
    });
  });
});

/** Log lines of a login after failures. */
function loginAfter(address: string, failures: number): string {
  const lines = Array.from({ length: failures }, (_, n) => {
    return `2025-12-31T23:0${n}:00Z gate1 sshd[${n}]: Failed password for root from ${address} port 1 ssh2\n`;
  });
  const login = `2025-12-31T23:30:00Z gate1 sshd[9]: Accepted password for root from ${address} port 1 ssh2\n`;
  return lines.join('') + login;
}
