import BANS from './pubsub/page/bans.html?raw';
import BLOCKED from './pubsub/page/blocked.html?raw';
import MAP from './pubsub/page/map.html?raw';

/** What the pages of a machine and of a fleet have in common. */
export const WEB_PARTS = { bans: BANS, blocked: BLOCKED, map: MAP } as const;
