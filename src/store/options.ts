import type { Entry, Seconds } from '../blocklist/entry.ts';
import type { StoreCommand } from './commands.ts';
import type { OpenOptions } from './open.ts';
import type { OutboxOptions } from './outbox.ts';

export interface StoreOptions extends OpenOptions {
  /** The initial entries of a new store. */
  readonly seed?: () => Iterable<Entry>;
  /** The command that changes the store; without one, changes are not recorded in its history. */
  readonly command?: StoreCommand | undefined;
  /** The present time, which is recorded; undefined while it is in doubt. */
  readonly present?: (() => Seconds | undefined) | undefined;
  /** With a fleet: what is recorded is added to the outbox. */
  readonly outbox?: OutboxOptions | undefined;
}
