import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, type OutgoingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { signal } from '../../src/process/program.ts';
import { countEach } from '../support/count-each.ts';
import { program } from '../support/program.ts';
import { until } from '../support/until.ts';
import { addUser, type Serving, serve } from './serve.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcblock-attacks-'));
const db = join(folder, 'fleet.db');
const CHOSEN = 'correct horse battery';
/** Addresses of this host; Linux answers on all of 127/8. */
const [ATTACKER, FRIEND] = ['127.0.0.2', '127.0.0.3'] as const;

let made = '';
let server: Serving;
const agents: Agent[] = [];
const sockets: Socket[] = [];

beforeAll(() => {
  addUser(db, 'anna', CHOSEN, '--admin');
  const argv = [program, 'user', 'add', 'gate1', '--db', db, '--json'];
  const { stdout } = spawnSync(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  made = (JSON.parse(String(stdout)) as { password: string }).password;
});
beforeEach(async () => {
  server = await serve('--db', db);
});
afterEach(async () => {
  for (const agent of agents.splice(0)) agent.destroy();
  for (const socket of sockets.splice(0)) socket.destroy();
  signal(server.process, 'SIGTERM');
  await server.ended;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface RequestOptions {
  readonly from: string;
  readonly user: string;
  readonly password: string;
  readonly agent?: Agent;
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders;
}

/** The status of the answer; 0 if there is none. */
function ask({ from, user, password, path = '/v2/entries', agent, headers = {} }: RequestOptions) {
  const options = {
    localAddress: from,
    auth: `${user}:${password}`,
    agent: agent ?? false,
    headers,
  };
  return new Promise<number>((resolve) => {
    request(`${server.origin}${path}`, options, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode ?? 0));
    })
      .on('error', () => resolve(0))
      .end();
  });
}

const asMachine = (from: string) => ask({ from, user: 'gate1', password: made });
const asPerson = (from: string) => ask({ from, user: 'anna', password: CHOSEN });

/** Requests that the server has not answered yet. */
function guesses(
  count: number,
  guessOf: (number: number) => Pick<RequestOptions, 'user' | 'password'>,
) {
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  agents.push(agent);
  return Array.from({ length: count }, (_, number) =>
    ask({ from: ATTACKER, agent, ...guessOf(number) }),
  );
}

/** Sends this and no more. */
async function halfSent(from: string, text: string): Promise<Socket> {
  const { hostname: host, port } = new URL(server.origin);
  const socket = connect({ host, port: Number(port), localAddress: from });
  socket.on('error', () => {});
  sockets.push(socket);
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}

describe('the API, attacked from one address,', () => {
  it('lets everybody in while 230 connections guess unknown names', async () => {
    const attack = guesses(230, (number) => ({ user: `nobody${number}`, password: 'x' }));
    // The first is answered when the server has read the others.
    await Promise.race(attack);
    expect(await Promise.all([asMachine(FRIEND), asMachine(ATTACKER)])).toEqual([200, 200]);
    expect(await asPerson(FRIEND)).toBe(200);
    const answers = countEach(await Promise.all(attack));
    expect(answers[401]).toBeLessThan(60);
    expect(answers[503] ?? 0).toBe(0);
  });

  it('judges few of 140 guesses, and names in the log who was guessed, and from where', async () => {
    const answers = await Promise.all(
      guesses(140, (number) => ({ user: 'anna', password: `guess ${number}` })),
    );
    const judged = countEach(answers)[401] ?? 0;
    expect(judged).toBeGreaterThanOrEqual(10);
    // One more for each six seconds that the test takes.
    expect(judged).toBeLessThan(60);
    expect(await asPerson(FRIEND)).toBe(200);
    const failed = server.lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ event }) => event === 'failed-login');
    expect(failed).toHaveLength(judged);
    expect(failed[0]).toMatchObject({ level: 'warning', user: 'anna', address: ATTACKER });
    // mcblock itself reads it in its log.
    const { stdout } = spawnSync(process.execPath, [program, 'parse', '--json'], {
      input: `${server.lines.join('\n')}\n`,
      encoding: 'utf8',
    });
    const offences = stdout.split('\n').filter((line) => line.includes('"offence":true'));
    expect(offences).toHaveLength(judged);
    expect(JSON.parse(offences[0] ?? '')).toMatchObject({
      service: 'mcblock',
      event: 'failed-login',
      address: ATTACKER,
      user: 'anna',
    });
  });

  it('checks no password for a connection that is closed', async () => {
    const attack = guesses(15, (number) => ({ user: 'anna', password: `guess ${number}` }));
    // As above.
    await Promise.race(attack);
    for (const agent of agents) agent.destroy();
    expect(await asPerson(ATTACKER)).toBe(200);
    // The log has only those that were answered.
    const metrics = await (await fetch(`${server.origin}/metrics`)).text();
    expect(Number(/^mcblock_failed_logins_total (\d+)$/m.exec(metrics)?.[1])).toBeLessThan(10);
  });

  it('answers everybody while 200 requests are half-sent', async () => {
    const held = await Promise.all(
      Array.from({ length: 200 }, (_, number) =>
        halfSent(ATTACKER, number % 2 === 0 ? 'GET / HTTP/1.1\r\nHost: x\r\n' : ''),
      ),
    );
    const open = () => held.filter(({ destroyed }) => !destroyed).length;
    expect(await asMachine(FRIEND)).toBe(200);
    expect(await asMachine(ATTACKER)).toBe(200);
    // The two that are answered made room, too.
    await until(() => open() <= 100, { seconds: 20 });
    expect(open()).toBeGreaterThanOrEqual(98);
  });
});
