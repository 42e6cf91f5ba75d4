import { readFileSync } from 'node:fs';
import type { Scanner } from '../../../grammar/notation/scanner.ts';
import { Programs } from '../programs.ts';
import type { JournalEntry } from './journal-entry.ts';

/** The kernel truncates the names of processes (TASK_COMM_LEN). */
const COMM_BYTES = 15;
/** Anybody can write through these, in any name. */
const RELAYS = new Set(['logger', 'systemd-cat']);
const CONTAINER_UNIT = /^(?:(?:docker|libpod|crio|cri-containerd|machine)-|systemd-nspawn@)/;

/** Why an entry in the name of a service is not believed. */
export type JournalDoubt = 'user' | 'program' | 'session' | 'container';

export interface SenderCheckOptions {
  /** More users that may write for a service, as `service=user`; a user is a name or a number. */
  readonly users: readonly string[];
  /** The units and names of containers that are believed. */
  readonly containers: readonly string[];
  /** The content of passwd(5). Default: that of this host. */
  readonly passwd?: string;
}

/**
 * Tells which entries of the journal were written by the service in whose name they are, by what the
 * journal itself found out about the sender.
 */
export class SenderCheck {
  readonly #scanners: readonly Scanner[];
  readonly #programs: Programs;
  readonly #containers: ReadonlySet<string>;
  /** By service. */
  readonly #uids: ReadonlyMap<string, ReadonlySet<number>>;

  constructor(scanners: readonly Scanner[], { users, containers, passwd }: SenderCheckOptions) {
    this.#scanners = scanners;
    this.#programs = new Programs(scanners);
    this.#containers = new Set(containers);
    this.#uids = uidsByService(scanners, users, passwd ?? readFileSync('/etc/passwd', 'latin1'));
  }

  /** Undefined if the entry is believed, or in the name of no service. */
  doubt(entry: JournalEntry): JournalDoubt | undefined {
    const { identifier, comm, uid, unit, userUnit } = entry;
    const name = identifier || comm;
    const scanner = this.#scannerOf(name);
    const service = scanner?.service;
    if (service === undefined && this.#programs.others.length === 0) return undefined;
    if (isOfContainer(entry)) {
      const isNamed = this.#containers.has(unit) || this.#containers.has(entry.container);
      return isNamed ? undefined : 'container';
    }
    if (unit.startsWith('user@') || userUnit !== '') return 'session';
    if (RELAYS.has(comm)) return 'program';
    const isKnownUser =
      uid === 0 ||
      (uid !== undefined && service !== undefined && this.#uids.get(service)?.has(uid) === true);
    if (!isKnownUser) return 'user';
    const own = name.slice(name.lastIndexOf('/') + 1).slice(0, COMM_BYTES);
    const isOwn =
      comm === own ||
      (scanner !== undefined &&
        (this.#scannerOf(comm) === scanner || scanner.processes.includes(comm)));
    return isOwn ? undefined : 'program';
  }

  /** The service of a program with a grammar of its own. */
  serviceOf(program: string): string | undefined {
    return this.#scannerOf(program)?.service;
  }

  #scannerOf(program: string): Scanner | undefined {
    const bytes = Buffer.from(program, 'latin1');
    return this.#scanners[this.#programs.find(bytes, 0, bytes.length)];
  }
}

function isOfContainer({ unit, slice, container }: JournalEntry): boolean {
  return container !== '' || slice === 'machine.slice' || CONTAINER_UNIT.test(unit);
}

function uidsByService(
  scanners: readonly Scanner[],
  configured: readonly string[],
  passwd: string,
): Map<string, Set<number>> {
  const uidOf = new Map(
    passwd.split('\n').map((line) => {
      const [name = '', , uid = ''] = line.split(':');
      return [name, Number(uid)];
    }),
  );
  const uids = new Map<string, Set<number>>();
  const add = (service: string, user: string): void => {
    const uid = /^\d+$/.test(user) ? Number(user) : uidOf.get(user);
    if (uid === undefined) return;
    uids.set(service, (uids.get(service) ?? new Set()).add(uid));
  };
  for (const { service, users } of scanners) for (const user of users) add(service, user);
  for (const text of configured) {
    const [service = '', user = ''] = text.split('=');
    add(service, user);
  }
  return uids;
}
