import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { signal } from '../../src/process/program.ts';
import { openStore } from '../../src/store/store.ts';
import { CommandLine } from '../support/command-line.ts';
import { program } from '../support/program.ts';
import { random } from '../support/random.ts';
import { recordOffences } from '../support/record-offences.ts';
import { addUser, type Serving, serve } from './serve.ts';
import type { Backend } from './store-contract.ts';

const REPORTS = 500;
const PER_REQUEST = 5;
const SENDERS = 4;
const KILLS = 3;
const ROUNDS = 5;
const PASSWORD = 'correct horse';

/** What holds of a server that is killed at any moment. */
const FAST = fileURLToPath(new URL('fast-reports.toml', import.meta.url));

export function describeKill(makeBackend: () => Backend & { readonly db: string }): void {
  it('stores every report exactly once, however often it is killed', {
    timeout: 120_000,
  }, async () => {
    const backend = makeBackend();
    try {
      addUser(backend.db, 'gate1', PASSWORD);
      let server = await serve('--config', FAST, '--db', backend.db);
      const sent = { done: 0 };
      const send = async (sender: number) => {
        for (let list = sender; list < REPORTS / PER_REQUEST; list += SENDERS) {
          while (!(await post(() => server.origin, list)));
          sent.done++;
        }
      };
      const kill = async () => {
        for (let kills = 1; kills <= KILLS; kills++) {
          const wanted = (REPORTS / PER_REQUEST / (KILLS + 1)) * kills;
          while (sent.done < wanted) await new Promise(setImmediate);
          await killed(server);
          server = await serve('--config', FAST, '--db', backend.db);
        }
      };
      await Promise.all([...Array.from({ length: SENDERS }, (_, sender) => send(sender)), kill()]);
      await stopped(server);
      await expectEachOnce(backend);
    } finally {
      await backend.remove();
    }
  });

  it('stores every report exactly once, however often it and the reporting machine are killed', {
    timeout: 120_000,
  }, async () => {
    const backend = makeBackend();
    const machine = new CommandLine();
    try {
      addUser(backend.db, 'gate1', PASSWORD);
      let server = await serve('--config', FAST, '--db', backend.db);
      const port = new URL(server.origin).port;
      machine.config = machine.path('mcblock.toml');
      writeFileSync(machine.path('password'), PASSWORD, { mode: 0o600 });
      writeFileSync(
        machine.config,
        `[fleet]\nurl = "${server.origin}"\nuser = "gate1"\npassword-file = "${machine.path('password')}"\n`,
      );
      for (let round = 0; round < ROUNDS; round++) {
        record(machine.db, round);
        const { child, ended } = startSync(machine);
        const wait = setTimeout(() => signal(child, 'SIGKILL'), 100 + random() * 600);
        await pause(random() * 400);
        await killed(server);
        server = await serve('--config', FAST, '--db', backend.db, '--listen', `127.0.0.1:${port}`);
        await ended;
        clearTimeout(wait);
      }
      const { child, ended } = startSync(machine);
      await ended;
      expect(child.exitCode).toBe(0);
      await stopped(server);
      await expectEachOnce(backend);
    } finally {
      machine.remove();
      await backend.remove();
    }
  });
}

/** What a machine has decided, a part of it in each round. */
function record(db: string, round: number): void {
  const now = Math.floor(Date.now() / 1000);
  const store = openStore(db, { mode: 'write', outbox: { most: REPORTS, now: () => now } });
  recordOffences(store, (round * REPORTS) / ROUNDS, REPORTS / ROUNDS, now);
  store.close();
}

function startSync({ db, config = '' }: CommandLine) {
  const argv = [program, 'sync', '--quiet', '--no-apply', '--db', db, '--config', config];
  const child = spawn(process.execPath, argv, { stdio: 'ignore' });
  return { child, ended: once(child, 'close') };
}

/** Whether it was answered; the server may be away. */
async function post(origin: () => string, list: number): Promise<boolean> {
  const reports = Array.from({ length: PER_REQUEST }, (_, index) => {
    const number = list * PER_REQUEST + index;
    return {
      type: 'offence',
      key: `report-${number}`,
      address: `5.0.${number >> 8}.${number & 255}`,
      at: '2026-01-01T00:00:00Z',
      service: 'sshd',
      message: 'failed-login',
      log: String(number),
    };
  });
  const authorization = `Basic ${Buffer.from(`gate1:${PASSWORD}`).toString('base64')}`;
  try {
    const answer = await fetch(`${origin()}/v2/reports`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ reports }),
    });
    await answer.arrayBuffer();
    return answer.status === 200;
  } catch {
    await new Promise(setImmediate);
    return false;
  }
}

async function killed(server: Serving): Promise<void> {
  signal(server.process, 'SIGKILL');
  await server.ended;
}

async function stopped(server: Serving): Promise<void> {
  signal(server.process, 'SIGTERM');
  await server.ended;
  expect(server.process.exitCode).toBe(0);
  expect(server.lines.at(-1)).toContain('"event":"stopped"');
}

async function expectEachOnce(backend: Backend): Promise<void> {
  const store = await backend.open();
  try {
    const changes = await store.changesSince(0, 10_000);
    const entries = changes.flatMap((change) => (change.kind === 'entry' ? [change.value] : []));
    expect(entries.reduce((sum, { entry }) => sum + entry.hits, 0)).toBe(REPORTS);
    const logs: string[] = [];
    for (const { entry } of entries) {
      const history = await store.history(entry.prefix);
      for (const { log, count } of history?.evidence ?? []) {
        expect(count).toBe(1);
        logs.push(log);
      }
    }
    const all = Array.from({ length: REPORTS }, (_, number) => String(number));
    expect(logs.toSorted()).toEqual(all.toSorted());
  } finally {
    await store.close();
  }
}
