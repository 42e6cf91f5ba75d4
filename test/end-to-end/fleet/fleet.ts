import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Namespace, NO_NAMESPACES } from '../../firewall/namespace.ts';
import { findPostgres } from '../../fleet/postgres-cluster.ts';
import { REDIS_MISSING } from '../../fleet/pubsub/redis-server.ts';
import { Hub } from './hub.ts';
import { Machine } from './machine.ts';
import { answerPackets, Prober } from './prober.ts';

/** No packet leaves the namespaces. */
const NET = '198.51.100';
const ATTACKER = `${NET}.1`;
const HUB = `${NET}.2`;
const FIRST_MACHINE = 11;
/** All of it attacks. */
const HOSTILE = '5.0.0.0/8';
export const HOSTILE_MEMBER = 'z';
const SMALL_DISK = '16m';
/** An empty PostgreSQL takes 60 MB. */
const HUB_DISK = '100m';

/** Why there can be no fleet here; undefined where there can. */
export const NO_FLEET =
  NO_NAMESPACES ?? REDIS_MISSING ?? ('missing' in findPostgres() ? 'needs PostgreSQL' : undefined);

/** A fleet on one machine: an attacker, a hub, and machines, each in a network namespace. */
export class Fleet {
  readonly attacker: Prober;
  readonly hub: Hub;
  readonly machines: readonly Machine[];
  readonly #outside: Namespace;
  readonly #removals: Removals;

  /** @param hubDisk the size of the disk of Redis, PostgreSQL and the API */
  static async start(
    program: string,
    names: readonly string[],
    hubDisk = HUB_DISK,
  ): Promise<Fleet> {
    const removals = new Removals();
    try {
      const outside = new Namespace();
      removals.add(() => outside.remove());
      outside.ip('link add br0 type bridge');
      outside.ip(`addr add ${ATTACKER}/24 dev br0`);
      outside.ip('link set br0 up');
      outside.ip(`route add local ${HOSTILE} dev lo`);
      const hubNamespace = connect(outside, HUB, removals);
      const hub = await Hub.start(hubNamespace, HUB, program, smallDisk(hubDisk, removals));
      removals.add(() => hub.remove());
      const machines: Machine[] = [];
      for (const [index, name] of names.entries()) {
        const address = `${NET}.${FIRST_MACHINE + index}`;
        const namespace = connect(outside, address, removals);
        // The last one has little room.
        const disk = index < names.length - 1 ? tmpdir() : smallDisk(SMALL_DISK, removals);
        const machine = new Machine(name, address, namespace, program, disk);
        removals.add(() => machine.remove());
        const echo = await answerPackets(machine.namespace);
        removals.add(() => echo.kill());
        machine.configure(hub.addUser(name, ...(index === 0 ? ['--admin'] : [])));
        machines.push(machine);
      }
      // One that was taken over: what it signs is believed.
      hub.addUser(HOSTILE_MEMBER);
      const attacker = new Prober(outside, ATTACKER);
      removals.add(() => attacker.kill());
      return new Fleet(attacker, hub, machines, outside, removals);
    } catch (error) {
      await removals.all();
      throw error;
    }
  }

  private constructor(
    attacker: Prober,
    hub: Hub,
    machines: readonly Machine[],
    outside: Namespace,
    removals: Removals,
  ) {
    this.attacker = attacker;
    this.hub = hub;
    this.machines = machines;
    this.#outside = outside;
    this.#removals = removals;
  }

  /** Pulls the cable of a machine, or the hub; or puts it back. */
  cable({ address }: { readonly address: string }, state: 'up' | 'down'): void {
    this.#outside.ip(`link set ${cableOf(address)} ${state}`);
  }

  async remove(): Promise<void> {
    await this.#removals.all();
  }
}

/** A namespace with one cable to the bridge. */
function connect(outside: Namespace, address: string, removals: Removals): Namespace {
  const namespace = new Namespace();
  removals.add(() => namespace.remove());
  const cable = cableOf(address);
  outside.ip(`link add ${cable} type veth peer name eth0 netns ${namespace.name}`);
  outside.ip(`link set ${cable} master br0`);
  outside.ip(`link set ${cable} up`);
  namespace.ip(`addr add ${address}/24 dev eth0`);
  namespace.ip('link set eth0 up');
  namespace.ip(`route add default via ${ATTACKER}`);
  return namespace;
}

function smallDisk(size: string, removals: Removals): string {
  const folder = mkdtempSync(join(tmpdir(), 'mcblock-fleet-disk-'));
  removals.add(() => rmdirSync(folder));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `mode=755,size=${size}`, 'tmpfs', folder]);
  removals.add(() => execFileSync('umount', ['--lazy', folder]));
  return folder;
}

function cableOf(address: string): string {
  return `to-${address.split('.')[3]}`;
}

/** What is to be undone, the latest first, whatever fails of it. */
class Removals {
  #removals: (() => unknown)[] = [];

  add(removal: () => unknown): void {
    this.#removals.unshift(removal);
  }

  async all(): Promise<void> {
    const failures: unknown[] = [];
    for (const removal of this.#removals.splice(0)) {
      try {
        await removal();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'not all of the fleet is removed');
  }
}
