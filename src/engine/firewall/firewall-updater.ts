import { reasonOf } from '../../errors.ts';
import type { Prefix } from '../../net/prefix.ts';
import { doubling, RepeatingTask } from '../../repeating-task.ts';
import { interfacesText } from '../own-addresses.ts';
import type { LiveFirewall } from './live-firewall.ts';

/** Expired entries leave the firewall, and a table that was flushed is filled again, within this time. */
const EVERY_SECONDS = 300;
/** A new address of this host, for example from DHCP, gets its hole within this time. */
const ADDRESSES_EVERY_SECONDS = 5;
const FIRST_RETRY_SECONDS = 1;
const MAX_RETRY_SECONDS = 60;

/**
 * Keeps the firewall up to date while a program runs: adds what became active at once, and makes the
 * firewall hold the rules of the store every five minutes, on request, after a failure, and when the
 * addresses of this host changed.
 */
export class FirewallUpdater {
  readonly #live: LiveFirewall;
  readonly #interfaces: () => string;
  readonly #task: RepeatingTask;
  #added: Prefix[] = [];
  /** Everything is to be compared with the store. */
  #isWhole = true;
  /** When it is due to be, by performance.now(). */
  #dueAt = 0;
  #knownInterfaces = '';

  constructor(live: LiveFirewall, warn: (text: string) => void, interfaces = interfacesText) {
    this.#live = live;
    this.#interfaces = interfaces;
    this.#task = new RepeatingTask({
      work: () => this.#update(),
      onFailure: (error) => warn(`mcblock: the firewall is not up to date: ${reasonOf(error)}`),
      everySeconds: () => ADDRESSES_EVERY_SECONDS,
      retrySeconds: doubling(FIRST_RETRY_SECONDS, MAX_RETRY_SECONDS),
    });
  }

  /** Adds prefixes that became active, not by hand. */
  add(prefixes: readonly Prefix[]): void {
    this.#added.push(...prefixes);
    this.#task.request();
  }

  /** Makes the firewall hold the rules of the store. */
  apply(): void {
    this.#isWhole = true;
    this.#task.request();
  }

  /** Finishes what was requested. */
  async close(): Promise<void> {
    await this.#task.close();
    this.#live.close();
  }

  async #update(): Promise<void> {
    const added = this.#added;
    const interfaces = this.#interfaces();
    const isWhole =
      this.#isWhole || interfaces !== this.#knownInterfaces || performance.now() >= this.#dueAt;
    if (!isWhole && added.length === 0) return;
    this.#added = [];
    this.#isWhole = false;
    try {
      if (!isWhole && (await this.#live.add(added))) return;
      await this.#live.apply();
      this.#knownInterfaces = interfaces;
      this.#dueAt = performance.now() + EVERY_SECONDS * 1000;
    } catch (error) {
      this.#isWhole = true;
      throw error;
    }
  }
}
