/** Reads logs: from a file, a stream or memory to lines, events and offences. */
export { McblockError } from '../errors.ts';
export type { Checkpoint, KnownCheckpoints } from './checkpoint.ts';
export type { Event } from './event.ts';
export { newestRotation, oldestFirst } from './follow/rotation.ts';
export { type EventOptions, readEvents } from './read-events.ts';
export { type LogSummary, type OffenceOptions, readOffences } from './read-offences.ts';
export type { ReadOptions } from './read-options.ts';
export { loadScanners } from './scanners.ts';
export { memorySource, openSource, type Source } from './source.ts';
