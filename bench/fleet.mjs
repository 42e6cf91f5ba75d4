// How fast a fleet is, and what it loses: three machines, a hub and an attacker on this host, each in a
// network namespace of its own (see test/end-to-end/fleet). Build first (npm run build).
//   node bench/fleet.mjs [BANS [CHANGES]]
// Needs root, nft, ip, redis-server, openssl and PostgreSQL. In this order:
//   from the log line on A to the first packet that B drops   the first ban, then BANS (default: 1,000)
//   the same to the first packet that A drops                 a tenth as many
//   to notice a dead Redis                                    stopped, and disconnected
//   bans lost                                                 during all faults, while A is attacked
// With CHANGES instead:
//   from the log line on A to the first packet that B drops   BANS bans, then for as long as the machines
//                                                             fetch that many changes from the API
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { load } from './load.mjs';

const BANS = Number(process.argv[2] ?? 1000);
const CHANGES = Number(process.argv[3] ?? 0);
const DEATHS = 5;
/** For the entries, their log and what PostgreSQL keeps of both. */
const LARGE_DISK = '1g';
const FLOOD = 100_000;
const ATTACK_MILLISECONDS = 200;

const repository = fileURLToPath(new URL('..', import.meta.url));
process.chdir(repository);
const folder = mkdtempSync(join(repository, 'build', 'bench-'));
try {
  const { Fleet, Trial, FAULTS, floodOf, NO_FLEET } = await load(
    ['fleet', 'trial', 'faults']
      .map((name) => `export * from './test/end-to-end/fleet/${name}.ts';`)
      .join('\n'),
    folder,
  );
  if (NO_FLEET !== undefined) throw new Error(NO_FLEET);
  const program = join(repository, 'bin', 'mcblock.js');
  const fleet = await Fleet.start(program, ['a', 'b', 'c'], CHANGES > 0 ? LARGE_DISK : undefined);
  try {
    const trial = await Trial.begin(fleet);
    const [second] = trial.others;
    // No machine has run this code before, and their tables have no set for it.
    report('the first ban', await strikes(trial, second, 1));
    report(
      'from the log line on A to the first dropped packet on B',
      await strikes(trial, second, BANS),
    );
    if (CHANGES > 0) await catchingUp(trial, second);
    else {
      report(
        'from the log line on A to the first dropped packet on A',
        await strikes(trial, trial.first, BANS / 10),
      );
      await trial.agree();
      await deaths(trial);
      await faults(trial, [...FAULTS, floodOf(FLOOD)]);
    }
  } finally {
    await fleet.remove();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Bans while this machine fetches many changes. */
async function catchingUp(trial, machine) {
  // Its disk is too small for so many.
  await trial.others[1].killListening();
  const before = machine.listen.logged('caught up').length;
  await trial.fleet.hub.fill(CHANGES);
  const fetched = () =>
    machine.listen
      .logged('caught up')
      .slice(before)
      .reduce((sum, { blocked }) => sum + Number(blocked), 0);
  const begunAt = performance.now();
  const times = [];
  while (fetched() < CHANGES) times.push(...(await strikes(trial, machine, 1)));
  const seconds = ((performance.now() - begunAt) / 1000).toFixed(1);
  report(`the same while ${CHANGES} changes are fetched, ${seconds} s`, times);
}

/** Milliseconds for each ban. */
async function strikes(trial, machine, bans) {
  const times = [];
  for (let ban = 0; ban < bans; ban++) {
    const offender = trial.fresh();
    const { log } = trial.first;
    const text = trial.first.offence(offender);
    times.push(await trial.fleet.attacker.strike(offender, machine.address, log, text));
  }
  return times;
}

/** From the silence of Redis until all machines notice it. */
async function deaths(trial) {
  const { hub } = trial.fleet;
  const kinds = [
    ['stopped', () => hub.redis.freeze(), () => hub.redis.thaw()],
    ['cut off', () => trial.fleet.cable(hub, 'down'), () => trial.fleet.cable(hub, 'up')],
  ];
  for (const [name, end, begin] of kinds) {
    const times = [];
    for (let death = 0; death < DEATHS; death++) {
      // At a different time between two pings each time.
      await pause(3000 * Math.random());
      const endedAt = performance.now();
      end();
      await trial.areHearing(false);
      times.push(performance.now() - endedAt);
      begin();
      await trial.areHearing(true);
    }
    report(`until all know that Redis is ${name}`, times);
  }
}

/** Each fault in turn, while a new attacker appears on A five times a second. */
async function faults(trial, all) {
  const before = trial.size;
  const attack = setInterval(() => trial.offend(), ATTACK_MILLISECONDS);
  try {
    for (const { name, run } of all) {
      const begunAt = performance.now();
      await run(trial);
      say(name, `${((performance.now() - begunAt) / 1000).toFixed(1)} s until none is let in`);
    }
  } finally {
    clearInterval(attack);
  }
  const failure = await trial.agree().catch((error) => error);
  const wrong = trial.fleet.machines.flatMap((machine) => trial.wrongRules(machine));
  const lost = wrong.filter((rule) => rule.startsWith('-')).length;
  say('bans while that happened', trial.size - before);
  say('bans lost on any machine', lost);
  say('rules too many on any machine', wrong.length - lost);
  if (failure !== undefined) throw failure;
}

function report(name, times) {
  const sorted = times.toSorted((p, q) => p - q);
  // The nearest rank: of a hundred times, 99 % is the ninety-ninth.
  const at = (share) => `${sorted[Math.ceil(sorted.length * share) - 1].toFixed(0)} ms`;
  say(name, `${sorted.length} times: median ${at(0.5)}, 99 % ${at(0.99)}, longest ${at(1)}`);
}

function say(name, text) {
  console.log(`${name}: ${text}`);
}
