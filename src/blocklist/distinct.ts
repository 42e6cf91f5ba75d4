import type { Offence } from './offence.ts';

/** How many different users, services and hosts there are. */
export interface DistinctCounts {
  readonly users: number;
  readonly services: number;
  readonly hosts: number;
}

/** How many offences there are of each user, service and host. */
export class Distinct {
  readonly #users = new Map<number, number>();
  readonly #services = new Map<string, number>();
  readonly #hosts = new Map<string, number>();

  constructor(offences: Iterable<Offence>) {
    for (const offence of offences) this.add(offence);
  }

  add(offence: Offence): void {
    this.#change(offence, 1);
  }

  /** One that was added. */
  remove(offence: Offence): void {
    this.#change(offence, -1);
  }

  /** With this one. */
  with({ user, kind }: Offence): DistinctCounts {
    return {
      users: this.#users.size + Number(user !== undefined && !this.#users.has(user)),
      services: this.#services.size + Number(!this.#services.has(kind.service)),
      hosts: this.#hosts.size + Number(!this.#hosts.has(kind.host)),
    };
  }

  #change({ user, kind }: Offence, by: 1 | -1): void {
    if (user !== undefined) change(this.#users, user, by);
    change(this.#services, kind.service, by);
    change(this.#hosts, kind.host, by);
  }
}

function change<T>(counts: Map<T, number>, value: T, by: 1 | -1): void {
  const count = (counts.get(value) ?? 0) + by;
  if (count === 0) counts.delete(value);
  else counts.set(value, count);
}
