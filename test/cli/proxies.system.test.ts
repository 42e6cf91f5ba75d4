import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandLine } from '../support/command-line.ts';

const PROXY = '198.51.100.1';
const CLIENT = '9.149.105.7';

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
  line.config = line.path('mcblock.toml');
  configure('trusted-proxies = ["198.51.100.0/24", "2001:db8:ffff::/48"]');
});
afterEach(() => line.remove());

function configure(log: string): void {
  writeFileSync(line.path('mcblock.toml'), `${log}\n`);
}

/** A log of requests, one a minute, in the format "main" of nginx. */
function logOf(
  ...requests: readonly (readonly [peer: string, status: number, list: string])[]
): string {
  const file = line.path('access.log');
  const lines = requests.map(([peer, status, list], index) => {
    const at = new Date(Date.UTC(2025, 11, 31, 4, index)).toISOString();
    const time = `31/Dec/2025:${at.slice(11, 19)} +0000`;
    return `${peer} - ${status === 401 ? 'admin' : '-'} [${time}] "GET / HTTP/1.1" ${status} 381 "-" "curl/8" "${list}"\n`;
  });
  writeFileSync(file, lines.join(''));
  return file;
}

const failures = (peer: string, list: string, count = 3) =>
  Array.from({ length: count }, () => [peer, 401, list] as const);

describe('a web server behind a trusted proxy', () => {
  it('records the client whom the proxy names, and does not say that it is blocked', async () => {
    const file = logOf(...failures(PROXY, '192.0.2.9, 203.0.113.7'));
    const { stdout } = await line.run('grok', file);
    expect(stdout).toContain('203.0.113/24');
    expect(stdout).toContain('recorded; its packets come from 198.51.100.0/24');
    expect(stdout).not.toContain('192.0.2');
    expect((await line.run('check', '203.0.113.7')).stdout).toMatch(
      /on the blocklist.*\n {2}recorded; its packets come from 198\.51\.100\.0\/24\n$/,
    );
    expect((await line.run('check', '192.0.2.9', PROXY)).stdout).not.toContain('is on the');
    const explained = (await line.run('explain', '203.0.113.7')).stdout;
    expect(explained).toContain('  recorded; its packets come from 198.51.100.0/24\n');
    expect(explained).toContain('by 198.51.100.0/24');
    for (const text of [stdout, explained]) expect(text).not.toContain('blocked');
    const [json] = JSON.parse((await line.run('explain', '203.0.113.7', '--json')).stdout);
    expect(json).toMatchObject({ proxy: '198.51.100.0/24' });
  });

  it('is followed in the same way', async () => {
    const file = logOf(...failures(PROXY, '203.0.113.7'));
    const { stdout } = await line.run('watch', '--once', file);
    expect(stdout).toMatch(
      /^reactivated 203\.0\.113\/24 .*; recorded; its packets come from 198\.51\.100\.0\/24$/m,
    );
  });

  it('counts against a client that connects directly, whatever it forwards', async () => {
    const { stdout } = await line.run(
      'grok',
      '--json',
      logOf(...failures('203.0.113.7', '192.0.2.9')),
    );
    expect(JSON.parse(stdout)).toMatchObject([
      { entries: [{ prefix: '203.0.113.0/24', proxy: null }], spared: [] },
    ]);
    expect((await line.run('check', '203.0.113.7')).stdout).not.toContain('packets');
  });

  it('calls a client that also came directly one that is blocked', async () => {
    const file = logOf(...failures(PROXY, '203.0.113.7', 2), ...failures('203.0.113.7', '-'));
    await line.run('grok', file);
    expect((await line.run('check', '203.0.113.7')).stdout).not.toContain('packets');
  });

  it('never blocks the proxy', async () => {
    const file = logOf(...failures(PROXY, '-', 40), ...failures('198.51.100.77', 'unknown', 40));
    const { stdout } = await line.run('grok', file);
    expect(stdout).toContain('spared       198.51.100.1, trusted proxy: 40 offences');
    expect(stdout).toContain('spared       198.51.100.77, trusted proxy: 40 offences');
    expect(stdout).toContain('0 new');
    const added = await line.run('add', PROXY);
    expect(added.exitCode).toBe(1);
    expect(added.stderr).toContain('198.51.100/24 (trusted proxy)');
    await line.run('add', '198.51.0.0/16', '--force');
    expect((await line.run('emit')).stdout).not.toMatch(/^198\.51\.(?:100|0)\.0\/(?:2[0-4]|16)$/m);
    expect((await line.run('check', PROXY)).exitCode).toBe(1);
  });

  it.each([
    [
      'nginx',
      '2025/12/31 20:00:00 [error] 7#7: *1 user "me": password mismatch, client: 198.51.100.1, server: h.example, request: "GET / HTTP/1.1", host: "h.example"',
    ],
    [
      'apache',
      '[Wed Dec 31 20:00:00.123456 2025] [auth_basic:error] [pid 7:tid 8] [client 198.51.100.1:4711] AH01617: user me: authentication failure for "/": Password Mismatch',
    ],
    [
      'openbsd-httpd',
      'h.example 198.51.100.1 - me [31/Dec/2025:20:00:00 +0000] "GET / HTTP/1.1" 401 0 "" "x" 203.0.113.7 80',
    ],
  ])(
    'never blocks the proxy by what %s writes without a list in quotes',
    async (service, logged) => {
      const file = line.path('x.log');
      const lines = Array.from(
        { length: 40 },
        (_, n) => `${logged.replace(/\bme\b/, `me${n}`)}\n`,
      ).join('');
      writeFileSync(file, lines);
      const { stdout } = await line.run('grok', '--service', service, file);
      expect(stdout).toContain('spared       198.51.100.1, trusted proxy: 40 offences');
      expect(stdout).toContain('0 new');
      writeFileSync(file, lines.replaceAll('198.51.100.1', CLIENT));
      expect((await line.run('grok', '--service', service, file)).stdout).toContain('1 new');
    },
  );

  it('counts nothing where Nginx Proxy Manager may write what a client says', async () => {
    const file = line.path('x.log');
    const paths = ['.env', '.git/config', 'wp-login.php', 'phpinfo.php'].map(
      (path) =>
        `[31/Dec/2025:20:00:00 +0000] - 404 404 - GET http h.example "/${path}" [Client ${CLIENT}] [Length 1] [Gzip -] [Sent-to h] "sqlmap" "-"\n`,
    );
    writeFileSync(file, paths.join(''));
    const own = ['--service', 'nginx-proxy-manager', file];
    expect((await line.run('parse', ...own)).stdout).toContain(CLIENT);
    expect((await line.run('grok', ...own)).stdout).toContain(', 0 offences');
  });

  it('lets a login through it trust the client, not the proxy', async () => {
    writeFileSync(
      line.path('x.log'),
      '2025-12-31T20:00:00Z gw sshd[1]: Accepted password for me from 198.51.100.1 port 4711 ssh2\n',
    );
    await line.run('grok', line.path('x.log'));
    expect((await line.run('explain', PROXY)).stdout).toContain('198.51.100/24 (trusted proxy)');
  });

  it.each([
    [
      'caddy',
      '"remote_ip":"198.51.100.1","remote_port":"4711","client_ip":"192.0.2.9","proto":"HTTP/1.1","method":"GET","host":"h.example","uri":"/","headers":{"Authorization":["REDACTED"],"X-Forwarded-For":["192.0.2.9","192.0.2.8, 203.0.113.7"],"User-Agent":["x"]}',
    ],
    [
      'caddy',
      '"remote_ip":"198.51.100.1","remote_port":"4711","client_ip":"192.0.2.9","proto":"HTTP/1.1","method":"GET","host":"h.example","uri":"/","headers":{"X-Forwarded-For":["203.0.113.7"],"Authorization":["REDACTED"],"User-Agent":["\\"X-Forwarded-For\\":[\\"192.0.2.9\\"]"]}',
    ],
  ])('is read in the log of %s', async (_, request) => {
    const file = line.path('caddy.log');
    writeFileSync(
      file,
      `{"level":"error","ts":1767211200.5,"logger":"http.log.access","msg":"handled request","request":{${request}},"bytes_read":0,"user_id":"","duration":0.7,"size":0,"status":401,"resp_headers":{"Server":["Caddy"]}}\n`,
    );
    const { stdout } = await line.run('parse', '--json', '--service', 'caddy', file);
    expect(JSON.parse(stdout)).toMatchObject({ event: 'failed-login', address: '203.0.113.7' });
  });

  it('is read in the logs of Traefik and HAProxy', async () => {
    const file = line.path('x.log');
    writeFileSync(
      file,
      '{"ClientAddr":"[2001:db8:ffff::1]:41694","ClientHost":"192.0.2.9","ClientPort":"41694","ClientUsername":"admin","DownstreamStatus":401,"Duration":176911,"RequestMethod":"GET","RequestPath":"/\\"request_X-Forwarded-For\\":\\"192.0.2.9\\"","level":"info","msg":"","request_X-Forwarded-For":"192.0.2.9,[2001:db8::7]:80","time":"2025-12-31T20:00:00Z"}\n',
    );
    const traefik = await line.run('parse', '--json', '--service', 'traefik', file);
    expect(JSON.parse(traefik.stdout)).toMatchObject({ user: 'admin', address: '2001:db8::7' });
    writeFileSync(
      file,
      'Dec 31 20:00:00 gw haproxy[1]: 198.51.100.1:58430 [31/Dec/2025:20:00:00.608] main main/<NOSRV> -1/-1/-1/-1/0 401 248 - - PR-- 0/0/0/0/0 0/0 "GET / forwarded=#22192.0.2.9#22" forwarded="203.0.113.7"\n',
    );
    const haproxy = await line.run('parse', '--json', file);
    expect(JSON.parse(haproxy.stdout)).toMatchObject({ address: '203.0.113.7' });
  });
});

describe('a request in the list, through a trusted proxy', () => {
  it.each([
    [
      'http-access',
      '198.51.100.1 - - [31/Dec/2025:20:00:00 +0000] "GET /.env HTTP/1.1" 404 153 "-" "x" "192.0.2.9, 203.0.113.7"',
    ],
    [
      'caddy',
      '{"level":"info","ts":1767211200.5,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"198.51.100.1","remote_port":"4711","proto":"HTTP/1.1","method":"GET","host":"h.example","uri":"/.env","headers":{"X-Forwarded-For":["203.0.113.7"],"User-Agent":["sqlmap"]}},"bytes_read":0,"user_id":"","duration":0.7,"size":0,"status":404,"resp_headers":{}}',
    ],
    [
      'traefik',
      '{"ClientAddr":"198.51.100.1:1","ClientHost":"192.0.2.9","DownstreamStatus":404,"RequestMethod":"GET","RequestPath":"/.env","level":"info","msg":"","request_User-Agent":"x","request_X-Forwarded-For":"203.0.113.7","time":"2025-12-31T20:00:00Z"}',
    ],
    [
      'haproxy',
      'Dec 31 20:00:00 gw haproxy[1]: 198.51.100.1:58430 [31/Dec/2025:20:00:00.608] main app/app1 1/0/1/0/2 404 248 - - ---- 0/0/0/0/0 0/0 "GET /.env HTTP/1.1" forwarded="203.0.113.7"',
    ],
  ])('counts against its client in a log of %s', async (service, logged) => {
    const file = line.path('access.log');
    writeFileSync(file, `${logged}\n`);
    const own = service === 'haproxy' ? [] : ['--service', service];
    const { stdout } = await line.run('parse', '--json', ...own, file);
    expect(JSON.parse(stdout)).toMatchObject({ event: 'probe', address: '203.0.113.7' });
  });
});

/** Requests of others, so that nobody has most of them. */
const visitors = (count: number) =>
  Array.from({ length: count }, (_, index) => [`5.${index % 200}.0.9`, 200, '-'] as const);
const served = (peer: string, count: number) =>
  Array.from({ length: count }, () => [peer, 200, '-'] as const);
const UNCOUNTED = 'not counted  9.149.105/24: 3 offences; it may be a proxy (trusted-proxies)';

describe('a web server without trusted proxies', () => {
  beforeEach(() => configure(''));

  it('counts nothing of a prefix with 100 requests that were served', async () => {
    const busy = [...visitors(150), ...served(CLIENT, 60), ...served('9.149.105.8', 40)];
    const file = logOf(...busy, ...failures(CLIENT, '-'));
    const { stdout } = await line.run('grok', file);
    expect(stdout).toContain(UNCOUNTED);
    expect(stdout).toContain('0 new');
    const [json] = JSON.parse(
      (await line.run('grok', '--json', '--dry-run', '--again', file)).stdout,
    );
    expect(json.likelyProxies).toEqual([{ prefix: '9.149.105.0/24', offences: 3 }]);
    const doctor = await line.run('doctor');
    expect(doctor.stdout).toContain('proxies: 9.149.105.0/24 may be one: offences not counted: 3');
  });

  it('counts what a prefix with 99 of them does', async () => {
    const file = logOf(...visitors(150), ...served(CLIENT, 99), ...failures(CLIENT, '-'));
    const { stdout } = await line.run('grok', file);
    expect(stdout).not.toContain('not counted');
    expect(stdout).toContain('1 new');
    expect((await line.run('doctor')).stdout).toContain('proxies: none found');
  });

  it('counts nothing of a prefix with most of the requests, before or after them', async () => {
    const file = logOf(...failures(CLIENT, '-'), ...visitors(4), ...served(CLIENT, 6));
    expect((await line.run('grok', file)).stdout).toContain(UNCOUNTED);
  });

  it('sees no proxy in most of fewer than ten requests, nor in just half', async () => {
    const few = logOf(...visitors(1), ...served(CLIENT, 8), ...failures(CLIENT, '-'));
    expect((await line.run('grok', few)).stdout).toContain('1 new');
    const half = logOf(...visitors(20), ...served('9.9.9.9', 20), ...failures('9.9.9.9', '-'));
    expect((await line.run('grok', half)).stdout).toContain('1 new');
  });

  it('takes no offence for a request that was served', async () => {
    const file = line.path('access.log');
    const login = `${CLIENT} - - [31/Dec/2025:20:00:00 +0000] "POST /wp-login.php HTTP/1.1" 200 2153 "-" "x"\n`;
    writeFileSync(file, login.repeat(200));
    expect((await line.run('grok', file)).stdout).toContain('1 new');
  });

  it('spares it in the error log, for the window, but not in the log of sshd', async () => {
    await line.run('grok', logOf(...served(CLIENT, 100), ...failures(CLIENT, '-')));
    const error = (day: string) =>
      `2026/01/${day} 03:00:00 [error] 7#7: *1 user "x" was not found in "/etc/x", client: ${CLIENT}, server: h.example, request: "GET / HTTP/1.1", host: "h.example"\n`;
    const file = line.path('error.log');
    line.now = '2026-01-10T00:00:00Z';
    writeFileSync(file, error('01').repeat(2) + error('01').replace('"x"', '"y"'));
    expect((await line.run('grok', '--service', 'nginx', file)).stdout).toContain(UNCOUNTED);
    const ssh = line.path('auth.log');
    writeFileSync(
      ssh,
      [1, 2, 3]
        .map(
          (n) =>
            `2026-01-01T03:00:0${n}Z gw sshd[${n}]: Failed password for root from ${CLIENT} port 4711 ssh2\n`,
        )
        .join(''),
    );
    expect((await line.run('grok', '--dry-run', ssh)).stdout).toContain('1 new');
    writeFileSync(file, error('03').repeat(2) + error('03').replace('"x"', '"y"'));
    expect((await line.run('grok', '--service', 'nginx', file)).stdout).toContain('1 new');
  });

  it('is followed in the same way', async () => {
    const file = logOf(...served(CLIENT, 100), ...failures(CLIENT, '-'));
    const { stdout, stderr } = await line.run('watch', '--once', file);
    expect(stdout).toBe('');
    expect(stderr).toContain('not counted: 9.149.105/24: 3 offences; it may be a proxy');
  });

  it('is rehearsed in the same way', async () => {
    const file = logOf(...served(CLIENT, 100), ...failures(CLIENT, '-'));
    const [rehearsed] = JSON.parse((await line.run('rehearse', '--json', file)).stdout);
    expect(rehearsed).toMatchObject({ activations: 0, entries: [] });
  });

  it('counts everything once the configuration says that there is no proxy', async () => {
    configure('trusted-proxies = ["127.0.0.1"]');
    const file = logOf(...served(CLIENT, 100), ...failures(CLIENT, '-'));
    expect((await line.run('grok', file)).stdout).toContain('1 new');
    expect((await line.run('doctor')).stdout).toContain('proxies: 1 trusted');
  });
});

describe('trusted-proxies', () => {
  it.each(['"0.0.0.0/0"', '"198.51.0.0/7"', '"2001::/16"', '"proxy.example"'])(
    'refuses %s',
    async (value) => {
      configure(`trusted-proxies = [${value}]`);
      const { exitCode, stderr } = await line.run('show');
      expect(exitCode).toBe(2);
      expect(stderr).toContain('trusted-proxies');
    },
  );
});
