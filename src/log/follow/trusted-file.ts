import { lstatSync, type Stats, statSync } from 'node:fs';

/**
 * The file of this name; undefined if there is none that can be found, or if the name is a symbolic
 * link of somebody else than root and the user who runs this: whoever can write to a folder with logs
 * could make root read any file, as one of them.
 */
export function trustedStat(name: string): Stats | undefined {
  try {
    const stat = lstatSync(name, { throwIfNoEntry: false });
    if (!stat?.isSymbolicLink()) return stat;
    return isTrustedLink(stat) ? statSync(name, { throwIfNoEntry: false }) : undefined;
  } catch {
    // A folder may not be searched, or links lead in a circle.
    return undefined;
  }
}

/** Whether a symbolic link is followed. */
export function isTrustedLink({ uid }: Pick<Stats, 'uid'>): boolean {
  return uid === 0 || uid === process.geteuid?.();
}
