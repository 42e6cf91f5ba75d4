import type { Offence } from './offence.ts';

/** How many different users, services and hosts there are. */
export interface DistinctCounts {
  readonly users: number;
  readonly services: number;
  readonly hosts: number;
}

/** The different users, services and hosts of offences. */
export class Distinct {
  readonly #users = new Set<number>();
  readonly #services = new Set<string>();
  readonly #hosts = new Set<string>();

  constructor(offences: Iterable<Offence>) {
    for (const offence of offences) this.add(offence);
  }

  add({ user, kind }: Offence): void {
    if (user !== undefined) this.#users.add(user);
    this.#services.add(kind.service);
    this.#hosts.add(kind.host);
  }

  /** With this one. */
  with({ user, kind }: Offence): DistinctCounts {
    return {
      users: this.#users.size + Number(user !== undefined && !this.#users.has(user)),
      services: this.#services.size + Number(!this.#services.has(kind.service)),
      hosts: this.#hosts.size + Number(!this.#hosts.has(kind.host)),
    };
  }
}
