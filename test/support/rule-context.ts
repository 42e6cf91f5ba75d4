import type { RuleContext } from '../../src/blocklist/rule-conditions.ts';
import { patternOf } from '../../src/log/follow/matching-files.ts';

/** Without messages that are special, in UTC, on the host "gate". */
export const PLAIN_CONTEXT: RuleContext = {
  minuteOf: (at) => Math.floor((at % 86_400) / 60),
  hostName: 'gate',
  eventOf: ({ service, message }) => `${service}.${message}`,
  patternOf,
  countNothing: new Set(),
  countOnce: new Set(),
  nat64: [],
};
