import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BanMessage } from '../../../src/fleet/pubsub/ban.ts';
import { messageText } from '../../../src/fleet/pubsub/message-text.ts';
import { readSigningKey, SigningKey } from '../../../src/fleet/pubsub/signing-key.ts';
import { parsePrefix } from '../../../src/net/prefix-text.ts';
import { HOSTILE_MEMBER } from './fleet.ts';
import type { Machine } from './machine.ts';
import type { Trial } from './trial.ts';

interface Fault {
  readonly name: string;
  /** After it, nobody who offended meanwhile is let in anywhere. */
  readonly run: (trial: Trial) => Promise<void>;
}

const FLOOD_AT_ONCE = 10_000;
/** A disk that is full may take some more where room was made before. */
const MAX_OFFENCES = 100;
/** So many rows want room of their own. */
const MANY = 250;
const HOSTILE_MESSAGES = 320;
/** Above those of the other faults. */
const FIRST_NUMBER = 1000;
const HONEST_EACH = 40;
const FLOOD_OF_ONE = 200;

/** What happens to fleets, and what is done to them. */
export const FAULTS: readonly Fault[] = [
  {
    name: 'Redis is killed, and comes back',
    run: async (trial) => {
      const { redis } = trial.fleet.hub;
      await redis.kill();
      await trial.areHearing(false);
      await trial.isOut(trial.offend());
      await redis.start();
      await trial.areHearing(true);
      await trial.isOut(trial.offend());
    },
  },
  {
    name: 'Redis stands still, and goes on',
    run: async (trial) => {
      const { redis } = trial.fleet.hub;
      redis.freeze();
      await trial.areHearing(false);
      await trial.isOut(trial.offend());
      redis.thaw();
      await trial.areHearing(true);
      await trial.isOut(trial.offend());
    },
  },
  {
    name: 'the API is killed, and comes back',
    run: async (trial) => {
      const { hub } = trial.fleet;
      await hub.killApi();
      await trial.isOut(trial.offend());
      await hub.startApi();
      await trial.isOut(trial.offend());
    },
  },
  {
    name: 'Redis and the API are killed, and come back',
    run: async (trial) => {
      const { hub } = trial.fleet;
      await Promise.all([hub.redis.kill(), hub.killApi()]);
      await trial.areHearing(false);
      const offender = trial.offend();
      await trial.isOut(offender, [trial.first]);
      await Promise.all([hub.redis.start(), hub.startApi()]);
      await trial.isOut(offender);
    },
  },
  {
    name: 'a machine is cut off for a while',
    run: async (trial) => {
      const [second, third] = trial.others;
      trial.fleet.cable(third, 'down');
      await trial.areHearing(false, [third]);
      const offender = trial.offend();
      await trial.isOut(offender, [trial.first, second]);
      trial.fleet.cable(third, 'up');
      await trial.isOut(offender);
      await trial.areHearing(true);
    },
  },
  {
    name: 'the machine that is attacked is cut off for a while',
    run: async (trial) => {
      const { fleet, first } = trial;
      fleet.cable(first, 'down');
      await trial.areHearing(false, [first]);
      const offender = trial.offend();
      fleet.cable(first, 'up');
      await trial.isOut(offender);
      await trial.areHearing(true);
    },
  },
  {
    name: 'the daemons of the machines are killed, and start again',
    run: async (trial) => {
      const [second, third] = trial.others;
      await Promise.all([second.killListening(), trial.first.killWatching()]);
      const offender = trial.offend();
      await trial.first.startWatching();
      await trial.isOut(offender, [trial.first, third]);
      await second.startListening();
      await trial.isOut(offender);
    },
  },
  {
    name: 'a machine syncs from cron alone for a while',
    run: async (trial) => {
      const [, third] = trial.others;
      await third.killListening();
      const offender = trial.offend();
      await trial.eventually(`${third.name} has it from the API`, async () => {
        third.command('sync');
        return !(await trial.fleet.attacker.isOpen(offender, third.address));
      });
      await third.startListening();
    },
  },
  {
    name: 'the disk of a machine is full for a while',
    run: async (trial) => {
      const [, third] = trial.others;
      const full = join(third.folder, 'full');
      fill(full);
      const before = third.listen.logged('failed').length;
      let offender = '';
      for (let offences = 0; third.listen.logged('failed').length === before; offences++) {
        if (offences === MAX_OFFENCES) throw new Error('the disk is not full');
        offender = trial.offend();
        await trial.isOut(offender, [trial.first]);
      }
      rmSync(full);
      await trial.isOut(offender);
    },
  },
  {
    name: 'the disk of the API is full for a while',
    run: async (trial) => {
      const { first, others, fleet } = trial;
      const [second, third] = others;
      // It will hear of it from the API alone.
      await third.killListening();
      const full = join(fleet.hub.disk, 'full');
      fill(full);
      for (let times = 0; fleet.hub.failures === 0; times++) {
        if (times === MAX_OFFENCES) throw new Error('the disk is not full');
        const networks = Array.from({ length: MANY }, () => networkOf(trial.fresh()));
        const posted = first.listen.logged('posted').length;
        first.command('add', ...networks, '--apply', '--share');
        await trial.eventually('the API is told, or fails', () => {
          return first.listen.logged('posted').length > posted || fleet.hub.failures > 0;
        });
      }
      const offender = trial.offend();
      await trial.isOut(offender, [first, second]);
      rmSync(full);
      await third.startListening();
      await trial.isOut(offender);
    },
  },
  {
    name: 'messages are forged, replayed, too old, too early, for everybody, and for the hub',
    run: async (trial) => {
      const { fleet, first, others } = trial;
      const { redis, address: hub } = fleet.hub;
      first.offend(hub);
      const key = readSigningKey(fleet.hub.signingKey(HOSTILE_MEMBER));
      const message = messageOf(trial.fresh());
      const theirs = messageOf('5.255.0.9');
      const everybody = { ...theirs.ban, prefix: parsePrefix('0.0.0.0/0') };
      // With an offender, it would be cut to the network around it.
      const half = { ...theirs.ban, address: undefined, prefix: parsePrefix('0.0.0.0/1') };
      const before = await Promise.all(fleet.machines.map((machine) => refused(trial, machine)));
      for (const text of [
        messageText(message, key),
        messageText(message, key),
        messageText(theirs),
        messageText(theirs, new SigningKey()),
        messageText({ ...theirs, sender: first.name }, key),
        messageText({ ...theirs, sender: 'nobody' }, key),
        messageText({ ...theirs, channel: 'block' }, key),
        messageText({ ...theirs, at: theirs.at + 3600, number: 6 }, key),
        messageText({ ...theirs, ban: everybody, number: 2 }, key),
        messageText({ ...theirs, ban: half, number: 3 }, key),
        '0.0.0.0/0',
        hub,
        messageText({ ...messageOf(hub), number: 4 }, key),
        messageText({ ...theirs, at: theirs.at - 3600, number: 5 }, key),
        '5.255.0.9; reboot',
      ]) {
        redis.publish('mcblock', text);
      }
      const wanted = {
        replayed: 1,
        unsigned: 3,
        forged: 2,
        'unknown sender': 1,
        'another channel': 1,
        'too wide': 1,
        protected: 1,
        'too old': 1,
        'too early': 1,
        malformed: 2,
      };
      for (const [index, machine] of fleet.machines.entries()) {
        let instead: Record<string, number> = {};
        await trial.eventually(
          `${machine.name} refuses them for ${JSON.stringify(wanted)}`,
          async () => {
            instead = more(await refused(trial, machine), before[index]);
            return Object.entries(wanted).every(([why, count]) => instead[why] === count);
          },
          () => JSON.stringify(instead),
        );
      }
      for (const { address } of [first, ...others]) {
        if (!(await fleet.attacker.isOpen('5.255.0.9', address)))
          throw new Error('it was believed');
      }
    },
  },
  {
    name: 'a quarter of what a member publishes is forged, replayed, too wide or floods',
    run: async (trial) => {
      const { fleet, first } = trial;
      const key = readSigningKey(fleet.hub.signingKey(HOSTILE_MEMBER));
      const theirs = messageOf('5.255.0.9');
      const half = { ...theirs.ban, address: undefined, prefix: parsePrefix('0.0.0.0/1') };
      const before = await Promise.all(fleet.machines.map((machine) => refused(trial, machine)));
      const offenders: string[] = [];
      for (let number = FIRST_NUMBER; number < FIRST_NUMBER + HOSTILE_MESSAGES; number += 4) {
        if (number % HONEST_EACH === 0) trial.offend();
        const three = [trial.fresh(), trial.fresh(), trial.fresh()];
        offenders.push(...three);
        const good = three.map((offender, n) =>
          messageText({ ...messageOf(offender), number: number + n }, key),
        );
        const bad = [
          [messageText({ ...theirs, sender: first.name, number }, key)],
          good.slice(0, 1),
          [messageText({ ...theirs, ban: half, number: number + 3 }, key)],
          Array.from({ length: FLOOD_OF_ONE }, (_, n) => `5.255.${n}.9`),
        ];
        await fleet.hub.redis.flood('mcblock', [...good, ...(bad[(number / 4) % 4] ?? [])]);
      }
      // As every machine does. One that lost its connection meanwhile hears of them so.
      fleet.hub.report(HOSTILE_MEMBER, offenders.map(networkOf));
      for (const [index, machine] of fleet.machines.entries()) {
        await trial.eventually(`${machine.name} refuses some of each kind`, async () => {
          const counts = more(await refused(trial, machine), before[index]);
          return ['forged', 'replayed', 'too wide', 'unsigned'].every(
            (why) => (counts[why] ?? 0) > 0,
          );
        });
      }
    },
  },
];

/** So many messages that nobody is to believe, and between them an offence. */
export function floodOf(messages: number): Fault {
  return {
    name: `${messages.toLocaleString('en')} forged messages come at once`,
    run: async (trial) => {
      const forged = messageText(messageOf('5.255.0.9'));
      const many = Array.from({ length: FLOOD_AT_ONCE }, () => forged);
      for (let sent = 0; sent < messages; sent += FLOOD_AT_ONCE) {
        const offender = trial.offend();
        await trial.fleet.hub.redis.flood('mcblock', many);
        if (sent === 0) await trial.isOut(offender, [trial.first]);
      }
      await trial.areHearing(true);
    },
  };
}

/** Signed, it would be believed. */
function messageOf(offender: string): BanMessage {
  const at = Math.floor(Date.now() / 1000);
  const address = parsePrefix(offender);
  const ban = {
    prefix: parsePrefix(networkOf(offender)),
    address,
    expiresAt: at + 86_400,
    origin: 'grok',
    evidence: [],
    note: '',
  } as const;
  return { ban, sender: HOSTILE_MEMBER, channel: 'mcblock', number: 1, at };
}

function networkOf(address: string): string {
  return address.replace(/\d+$/, '0/24');
}

/** By how much each count has grown. */
function more(now: Record<string, number>, before: Record<string, number> = {}) {
  return Object.fromEntries(
    Object.entries(now).map(([why, count]) => [why, count - (before[why] ?? 0)]),
  );
}

async function refused(trial: Trial, machine: Machine): Promise<Record<string, number>> {
  const text = await trial.fleet.attacker.get(machine.statusUrl);
  return (JSON.parse(text) as { refused: Record<string, number> }).refused;
}

function fill(file: string): void {
  for (const bytes of [1 << 20, 4096]) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(bytes), { flag: 'a' });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    }
  }
}
