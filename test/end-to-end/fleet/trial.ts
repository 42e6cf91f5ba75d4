import { setTimeout as pause } from 'node:timers/promises';
import type { Fleet } from './fleet.ts';
import type { Machine } from './machine.ts';

/** No measure of anything: what takes so long does not come at all. */
const LIMIT_MILLISECONDS = 50_000;
const LOOK_MILLISECONDS = 20;

/** A fleet of three, who is to be blocked there, and what must hold. */
export class Trial {
  readonly fleet: Fleet;
  /** The machine with the log that tells of offences. */
  readonly first: Machine;
  readonly others: readonly [Machine, Machine];
  /** The rules that every machine is to have. */
  readonly #wanted = new Set<string>();
  #offenders = 0;

  /** Every machine hears, and the first one reads its log. */
  static async begin(fleet: Fleet): Promise<Trial> {
    const trial = new Trial(fleet);
    await trial.first.startListening();
    // Nobody shall be able to have the hub blocked, from wherever it is said.
    trial.first.command('allow', fleet.hub.address, '--share');
    await trial.eventually('the API has the allow-list', () => {
      return trial.first.listen.logged('posted').length > 0;
    });
    await Promise.all(trial.others.map((machine) => machine.startListening()));
    await trial.first.startWatching();
    return trial;
  }

  private constructor(fleet: Fleet) {
    const [first, second, third] = fleet.machines;
    if (first === undefined || second === undefined || third === undefined) {
      throw new Error('it takes three machines');
    }
    this.fleet = fleet;
    this.first = first;
    this.others = [second, third];
  }

  /** Somebody nobody knows yet, whose network is to be blocked from now on. */
  fresh(): string {
    // Every other network, so that no two make one rule.
    const network = 2 * this.#offenders++;
    const place = `5.${network >> 8}.${network & 255}`;
    this.#wanted.add(`${place}.0/24`);
    return `${place}.9`;
  }

  /** Somebody new offends on the first machine. */
  offend(): string {
    const offender = this.fresh();
    this.first.offend(offender);
    return offender;
  }

  /** Waits until no packet of his is let in. */
  async isOut(offender: string, machines: readonly Machine[] = this.fleet.machines) {
    for (const { name, address } of machines) {
      await this.eventually(`${name} drops packets of ${offender}`, async () => {
        return !(await this.fleet.attacker.isOpen(offender, address));
      });
    }
  }

  /** Waits until these machines know that they hear, or that they do not. */
  async areHearing(isSo: boolean, machines: readonly Machine[] = this.fleet.machines) {
    for (const machine of machines) {
      await this.eventually(
        `${machine.name} is ${isSo ? '' : 'not '}connected`,
        () => machine.isHearing === isSo,
      );
    }
  }

  /** Waits until the firewall of each machine holds exactly what it is to hold. */
  async agree(): Promise<void> {
    for (const machine of this.fleet.machines) {
      await this.eventually(
        `${machine.name} has the right rules`,
        () => this.wrongRules(machine).length === 0,
        () => this.wrongRules(machine).join(', '),
      );
    }
  }

  /** `-5.0.2.0/24` is missing there, `+5.0.4.0/24` too much. */
  wrongRules(machine: Machine): string[] {
    const held = new Set(machine.rules());
    return [
      ...[...this.#wanted].filter((rule) => !held.has(rule)).map((rule) => `-${rule}`),
      ...[...held].filter((rule) => !this.#wanted.has(rule)).map((rule) => `+${rule}`),
    ];
  }

  get size(): number {
    return this.#wanted.size;
  }

  /** Waits until it is so. Throws, with what is instead, where it never comes to that. */
  async eventually(
    what: string,
    isSo: () => boolean | Promise<boolean>,
    instead: () => string = () => '',
  ): Promise<void> {
    const giveUpAt = performance.now() + LIMIT_MILLISECONDS;
    while (!(await isSo())) {
      if (performance.now() > giveUpAt) {
        const said = this.fleet.machines.map(({ name, listen }) => `${name}: ${listen.tail}`);
        throw new Error(`not so: ${what}: ${instead()}\n${said.join('\n')}`);
      }
      await pause(LOOK_MILLISECONDS);
    }
  }
}
