import type { OverviewJson } from './json.ts';

interface Summary {
  readonly text: string;
  readonly isGood: boolean;
}

/** The fleet in a few words. */
export function summaryOf({ users }: Pick<OverviewJson, 'users'>): Summary {
  const machines = users.filter(({ isMachine }) => isMachine);
  const silent = machines.filter(({ isSilent }) => isSilent).length;
  const count = machines.length;
  if (silent > 0) return { text: `${silent} of ${count} silent`, isGood: false };
  return { text: count === 1 ? '1 machine' : `${count} machines`, isGood: true };
}
