/** What the owner decides about the blocklist. All durations are seconds unless named otherwise. */
export interface Policy {
  readonly penalty: {
    /** How long the first activation blocks; each further one twice as long as the one before. */
    readonly firstSeconds: number;
    /** No penalty is longer. */
    readonly longestSeconds: number;
  };
  readonly auto: {
    /** The prefix around an IPv4 or IPv6 offender that an automatic request asks for. */
    readonly length4: number;
    readonly length6: number;
  };
  readonly persistent: {
    /** Hits on so many distinct days of one activation extend it. */
    readonly days: number;
  };
  readonly reactivate: {
    /** The widest (shortest) expired entry that a request may bring back. */
    readonly widest4: number;
    readonly widest6: number;
    /** So many points within the window bring back a prefix that was blocked before. */
    readonly points: number;
  };
  readonly trust: {
    /** An accepted login protects its address for so many days. */
    readonly days: number;
  };
  readonly offence: {
    /** So many points within the window, from one automatic prefix, make a block. */
    readonly points: number;
    readonly windowSeconds: number;
  };
}

export const DAY_SECONDS = 86_400;

export const DEFAULT_POLICY: Policy = {
  penalty: { firstSeconds: 30 * DAY_SECONDS, longestSeconds: 3650 * DAY_SECONDS },
  auto: { length4: 24, length6: 64 },
  persistent: { days: 3 },
  reactivate: { widest4: 8, widest6: 19, points: 10 },
  trust: { days: 30 },
  offence: { points: 30, windowSeconds: DAY_SECONDS },
};
