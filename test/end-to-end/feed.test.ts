import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandLine } from '../support/command-line.ts';

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
});
afterEach(() => line.remove());

function fileOf(content: string): string {
  const file = line.path('list.txt');
  writeFileSync(file, content);
  return file;
}

describe('feed', () => {
  it('blocks the prefixes of a list as long as they are on it', async () => {
    const file = fileOf('# list\n5.149.104.0/24\n5.149.105.0/24 ; SBL1\n2a0e:c41::/32\n');
    expect((await line.run('feed', 'drop', file)).stdout).toBe('feed drop: 2 prefixes\n');
    expect((await line.run('emit')).stdout).toBe('5.149.104.0/23\n2a0e:c41::/32\n');
    expect((await line.run('check', '5.149.105.9')).stdout).toBe(
      '5.149.105.9 is on the blocklist: 5.149.104/23 (feed drop)\n',
    );
    expect((await line.run('explain', '5.149.105.9')).stdout).toContain('feed drop: 5.149.104/23');
    expect(await line.json('show', '5.149.105.9')).toMatchObject([
      { prefix: '5.149.104.0/23', active: true, origin: 'feed', note: 'drop' },
    ]);
    expect((await line.run('feed')).stdout).toMatch(/drop +2 .*list\.txt/);

    fileOf('2a0e:c41::/32\n');
    expect((await line.run('feed', 'drop')).stdout).toBe('feed drop: 1 prefix\n');
    expect((await line.run('check', '5.149.105.9')).exitCode).toBe(1);
    await line.run('feed', 'drop', '--remove');
    expect((await line.run('emit')).stdout).toBe('');
    expect((await line.run('feed', 'drop', '--remove')).exitCode).toBe(1);
  });

  it('does not change entries or their history', async () => {
    await line.run('add', '5.149.104.0/24', '--for', '1d');
    const before = await line.json('show');
    await line.run('feed', 'drop', fileOf('5.149.104.0/24\n'));
    await line.run('feed', 'drop', '--remove');
    expect(await line.json('show')).toEqual(before);
  });

  it('is in the record of commands only where something of it changes', async () => {
    const file = fileOf('5.149.104.0/24\n');
    const commands = async () => {
      const all = await line.json<{ command: string }[]>('history', '--commands');
      return all.map(({ command }) => command.replace(file, 'FILE'));
    };
    await line.run('feed', 'drop', file);
    const first = ['feed drop FILE'];
    expect(await commands()).toEqual(first);
    await line.run('feed', 'drop');
    await line.run('feed', 'drop', file);
    await line.run('feed', 'other', '--remove');
    expect(await commands()).toEqual(first);
    await line.run('feed', 'drop', file, '--max-size', '20');
    fileOf('5.149.105.0/24\n');
    await line.run('feed', 'drop');
    expect(await commands()).toEqual(['feed drop', 'feed drop FILE --max-size 20', ...first]);
  });

  it('is named by expire, as it goes on blocking', async () => {
    await line.run('feed', 'drop', fileOf('5.149.104.0/24\n'));
    await line.run('add', '5.149.104.7', '5.149.104/22');
    expect((await line.run('expire', '5.149.104/22', '5.149.104.7')).stdout).toBe(
      '5.149.104/22 expired, but contains 5.149.104/24, which feed drop lists\n5.149.104.7 expired, but contained in 5.149.104/24, which feed drop lists\n',
    );
  });

  it('never blocks private space or the allow-list', async () => {
    await line.run('allow', '5.149.104.7');
    await line.run('feed', 'x', fileOf('192.168.1.0/24\n127.0.0.1\n5.149.104.0/24\n10.0.0.0/7\n'));
    const rules = (await line.run('emit')).stdout.split('\n');
    expect(rules).not.toContain('192.168.1.0/24');
    expect((await line.run('check', '5.149.104.7')).exitCode).toBe(1);
    expect((await line.run('check', '5.149.104.8')).exitCode).toBe(0);
  });

  it('refuses in a dry run what limits.share refuses', async () => {
    line.config = line.path('toml');
    writeFileSync(line.config, 'limits.share = 1\n');
    const file = fileOf('5.0.0.0/8\n11.0.0.0/8\n12.0.0.0/8\n');
    const { exitCode, stderr } = await line.run('feed', 'wide', file);
    expect(exitCode).toBe(1);
    expect(await line.run('feed', 'wide', file, '--dry-run')).toMatchObject({ exitCode, stderr });
  });

  it('changes nothing in a dry run', async () => {
    await line.run('feed', 'drop', fileOf('5.149.104.0/24\n'));
    const before = await line.run('export');
    const { stdout } = await line.run('feed', 'drop', fileOf('5.149.105.0/24\n'), '--dry-run');
    expect(stdout).toBe('feed drop: 1 prefix\n');
    expect((await line.run('feed', 'drop', '--remove', '--dry-run')).exitCode).toBe(2);
    expect(await line.run('export')).toEqual(before);
  });

  it('blocks here what the fleet cannot be given', async () => {
    const rules = line.path('rules');
    line.config = line.path('toml');
    writeFileSync(line.path('password'), 'secret-enough\n', { mode: 0o600 });
    writeFileSync(
      line.config,
      `[firewall]\nkind = "file"\nfile = "${rules}"\n[fleet]\nurl = "http://127.0.0.1:1"\nuser = "gw"\npassword-file = "${line.path('password')}"\n`,
    );
    const file = fileOf('5.149.104.0/24\n');
    const { exitCode, stdout } = await line.run('feed', 'drop', file, '--share');
    expect([exitCode, stdout]).toEqual([1, 'feed drop: 1 prefix\n']);
    expect(readFileSync(rules, 'utf8')).toContain('5.149.104.0/24');
  });

  it.each([
    ['a page', '<html>\n<body>gone</body>\n', '2 of 2 lines hold no prefix'],
    ['nothing', '# empty\n', 'feed drop: 0 lines'],
  ])('keeps its prefixes if the list is %s', async (_, content, message) => {
    await line.run('feed', 'drop', fileOf('5.149.104.0/24\n'));
    const { exitCode, stderr } = await line.run('feed', 'drop', fileOf(content));
    expect(exitCode).toBe(1);
    expect(stderr).toContain(message);
    expect((await line.run('emit')).stdout).toBe('5.149.104.0/24\n');
  });

  it.each([
    [['feed', 'drop'], 'feed drop has no source yet'],
    [['feed', 'a b', 'x'], 'bad feed name "a b"'],
    [['feed', 'drop', 'http://example.org/x'], 'over https only'],
    [['feed', '--remove'], 'need the name of a feed'],
    [['feed', 'drop', 'x', '--min-lines', '0'], 'whole number from 1'],
    [['feed', 'drop', '--remove', '--dry-run'], 'use only one of --remove and --dry-run'],
    [['feed', 'drop', '--remove', '--list'], 'use only one of --list and --remove'],
    [['feed', 'drop', 'x', '--remove'], 'use only one of --remove and a source'],
  ])('reports the usage error of %j', async (argv, message) => {
    const { exitCode, stderr } = await line.run(...argv);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe.skipIf(!existsSync('/usr/bin/openssl'))('a feed over https (needs openssl)', () => {
  let server: Server;
  let answer: RequestListener;
  let url: string;
  const asked: string[] = [];

  beforeEach(async () => {
    const [key, certificate] = [line.path('key.pem'), line.path('cert.pem')];
    const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
    const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'];
    const output = [
      '-keyout',
      key,
      '-out',
      certificate,
      '-subj',
      '/CN=localhost',
      '-addext',
      names,
    ];
    execFileSync('openssl', [...request, ...output], { stdio: 'ignore' });
    const pair = { key: readFileSync(key), cert: readFileSync(certificate) };
    asked.length = 0;
    server = createServer(pair, (incoming, response) => {
      asked.push(String(incoming.headers['if-none-match']));
      answer(incoming, response);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/drop.txt`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const feed = (...argv: string[]) =>
    line.run('feed', 'drop', url, '--ca', line.path('cert.pem'), ...argv);

  it('is fetched once, then only if it has changed', async () => {
    answer = ({ headers }, response) => {
      response.setHeader('etag', '"1"');
      response.statusCode = headers['if-none-match'] === '"1"' ? 304 : 200;
      response.end(response.statusCode === 200 ? '5.149.104.0/24\n' : undefined);
    };
    expect((await feed()).stdout).toBe('feed drop: 1 prefix\n');
    expect((await feed()).stdout).toBe('feed drop unchanged: 1 prefix\n');
    expect(asked).toEqual(['undefined', '"1"']);
    const all = await line.run('feed', '--all', '--ca', line.path('cert.pem'));
    expect(all.stdout).toBe('feed drop unchanged: 1 prefix\n');
  });

  it('does not hold back others if its certificates are gone', async () => {
    answer = (_, response) => void response.end('5.149.104.0/24\n');
    const gone = line.path('gone.pem');
    writeFileSync(gone, readFileSync(line.path('cert.pem')));
    await line.run('feed', 'a', url, '--ca', gone);
    await feed();
    rmSync(gone);
    const { exitCode, stdout, stderr } = await line.run('feed', '--all');
    expect([exitCode, stdout]).toEqual([1, 'feed drop: 1 prefix\n']);
    expect(stderr).toContain('gone.pem');
  });

  it.each<[string, RequestListener, string[], string]>([
    [
      'an error',
      (_, response) => void response.writeHead(500).end(),
      [],
      ': status 500; nothing changed',
    ],
    [
      'too much',
      (_, r) => void r.end('5.149.104.7\n'.repeat(200_000)),
      ['--max-size', '1'],
      'larger than',
    ],
    [
      'no end',
      (_, r) => void r.write('5.149.104.7\n'),
      ['--timeout', '1'],
      'longer than 1 seconds',
    ],
    [
      'a broken end',
      (_, r) => void r.writeHead(200, { 'content-length': '99' }).write('5.', () => r.destroy()),
      [],
      '; nothing changed',
    ],
    [
      'without a length',
      (_, { socket }) => void socket?.end('HTTP/1.1 200 OK\r\n\r\n5.149.104.7\n'),
      [],
      'neither Content-Length nor chunks',
    ],
    [
      'a redirect to http',
      (_, r) => void r.writeHead(302, { location: 'http://127.0.0.1/' }).end(),
      [],
      'not https',
    ],
    [
      'a redirect loop',
      (_, r) => void r.writeHead(302, { location: '/' }).end(),
      [],
      'more than 5 redirects',
    ],
  ])('changes nothing if the answer is %s', async (_, listener, argv, message) => {
    await line.run('feed', 'drop', fileOf('5.149.104.0/24\n'));
    answer = listener;
    const { exitCode, stderr } = await feed(...argv);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(message);
    expect((await line.run('emit')).stdout).toBe('5.149.104.0/24\n');
  });

  it('is held to what it was told: --min-lines, --max-size and --ca', async () => {
    answer = (_, response) => void response.end('5.149.104.0/24\n5.149.105.0/24\n');
    expect((await feed('--min-lines', '2', '--max-size', '1')).exitCode).toBe(0);
    answer = (_, response) => void response.end('5.149.104.0/24\n');
    const shrunk = await line.run('feed', '--all');
    expect(shrunk.exitCode).toBe(1);
    expect(shrunk.stderr).toContain('1 lines, fewer than --min-lines 2');
    answer = (_, response) => void response.end('5.149.104.7\n'.repeat(200_000));
    expect((await line.run('feed', 'drop')).stderr).toContain('larger than 1048576 bytes');
    expect((await line.run('emit')).stdout).toBe('5.149.104.0/23\n');
    answer = (_, response) => void response.end('5.149.104.0/24\n');
    expect((await line.run('feed', 'drop', '--min-lines', '1')).exitCode).toBe(0);
    expect((await line.run('emit')).stdout).toBe('5.149.104.0/24\n');
  });

  it('does not tell the key in its URL where it cannot be read', async () => {
    answer = (_, response) => void response.writeHead(403).end();
    url = url.replace('//', '//me:secret@').replace(/$/, '?key=secret');
    const { stderr } = await feed();
    expect(stderr).toMatch(/drop\.txt\?\.\.\.: status 403; nothing changed/);
    expect(stderr).not.toContain('secret');
  });

  it('may not be larger than 256 MiB', async () => {
    expect(await line.run('feed', 'drop', url, '--max-size', '3000')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('use a whole number from 1 to 256'),
    });
  });

  it('is refused without a trusted certificate', async () => {
    answer = (_, response) => void response.end('5.149.104.0/24\n');
    const { exitCode, stderr } = await line.run('feed', 'drop', url);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/self.signed/);
  });
});
