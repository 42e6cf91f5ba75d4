import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signal } from '../../src/process/program.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { configureFleet } from '../fleet/client/fleet-machine.ts';
import { LiveServer } from '../fleet/client/live-server.ts';
import { CommandLine } from '../support/command-line.ts';
import { program } from '../support/program.ts';
import { random } from '../support/random.ts';
import { recordOffences } from '../support/record-offences.ts';

const REPORTS = 1000;
const BATCHES = 10;
/** When in the course of a request the client dies; undefined: soon after its start, at random. */
const MOMENTS = ['asked', 'stored', 'answered', undefined] as const;

describe('mcblock sync as a process', () => {
  const line = new CommandLine();
  const server = new LiveServer(line.path('fleet.db'));
  const watch = { on: (_moment: (typeof MOMENTS)[number]): void => {} };

  beforeAll(async () => {
    await server.start(watchMoments);
    await server.addUser('gate1');
    configureFleet(line, server.url, 'gate1');
  });
  afterAll(async () => {
    await server.stop();
    line.remove();
  });

  function watchMoments(app: FastifyInstance): void {
    app.addHook('preHandler', async () => watch.on('asked'));
    app.addHook('onSend', async () => watch.on('stored'));
    app.addHook('onResponse', async () => watch.on('answered'));
  }

  function start(...more: string[]) {
    const common = ['--db', line.db, '--now', line.now, '--config', line.config ?? ''];
    const argv = [program, ...common, 'sync', '--no-apply', ...more];
    const child = spawn(process.execPath, argv, {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return { child, ended: once(child, 'close') };
  }

  async function hitsAtServer(): Promise<number> {
    const changes = await server.store.changesSince(0, 10_000);
    return changes.reduce(
      (sum, change) => sum + (change.kind === 'entry' ? change.value.entry.hits : 0),
      0,
    );
  }

  it('reports each offence exactly once, however often it is killed', {
    timeout: 120_000,
  }, async () => {
    const store = openStore(line.db, {
      mode: 'write',
      outbox: { most: 100_000, now: () => Date.parse(line.now) / 1000 },
    });
    let killed = 0;
    try {
      for (let batch = 0; batch < BATCHES; batch++) {
        record(store, batch);
        const moment = MOMENTS[batch % MOMENTS.length];
        const { child, ended } = start();
        const kill = () => signal(child, 'SIGKILL');
        watch.on = (now) => {
          if (now === moment) kill();
        };
        if (moment === undefined) setTimeout(kill, 50 + random() * 200);
        await ended;
        if (child.signalCode === 'SIGKILL') killed++;
      }
    } finally {
      store.close();
    }
    watch.on = () => {};
    expect(killed).toBeGreaterThan(BATCHES / 2);
    const { child, ended } = start();
    await ended;
    expect(child.exitCode).toBe(0);

    expect(await hitsAtServer()).toBe(REPORTS);
    const left = openStore(line.db, { mode: 'read' });
    expect(left.outbox.size()).toBe(0);
    expect(left.fleetState.position(server.url).sequence).toBe(await server.store.sequence());
    left.close();
  });

  it('reports each offence exactly once when several run at the same time', async () => {
    const before = await hitsAtServer();
    const store = openStore(line.db, {
      mode: 'write',
      outbox: { most: 100_000, now: () => Date.parse(line.now) / 1000 },
    });
    for (let batch = BATCHES; batch < BATCHES + 3; batch++) record(store, batch);
    store.close();
    const running = [start(), start(), start()];
    await Promise.all(running.map(({ ended }) => ended));
    expect(running.map(({ child }) => child.exitCode)).toEqual([0, 0, 0]);
    expect(await hitsAtServer()).toBe(before + (3 * REPORTS) / BATCHES);
  });

  it('repeats with --every, and stops at once on SIGTERM', async () => {
    const { child, ended } = start('--every', '1h');
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
    expect(chunk.toString()).toContain('0 reported, 0 pending');
    signal(child, 'SIGTERM');
    await ended;
    expect([child.exitCode, child.signalCode]).toEqual([0, null]);
  });
});

/** As many different offenders as belong to one batch. */
function record(store: Store, batch: number): void {
  const count = REPORTS / BATCHES;
  recordOffences(store, batch * count, count, Date.parse('2025-12-31T23:00:00Z') / 1000);
}
