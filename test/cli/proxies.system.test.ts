import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandLine } from '../support/command-line.ts';

const PROXY = '198.51.100.1';

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
    const at = new Date(Date.UTC(2025, 11, 31, 20, index)).toISOString();
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
