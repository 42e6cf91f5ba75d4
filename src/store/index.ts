/** The store of a machine: entries, their history, the allow-list and what was read, in SQLite. */
export { McblockError } from '../errors.ts';
export type { AllowedPrefix } from './allowed.ts';
export type { EntryFilter } from './entries.ts';
export type { Feed } from './feeds.ts';
export type { Activation } from './history.ts';
export type { ReadLog } from './logs.ts';
export type { StoreOptions } from './options.ts';
export { openStore, type Store } from './store.ts';
