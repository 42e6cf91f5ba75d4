import { execFileSync } from 'node:child_process';
import { McblockError, reasonOf } from '../errors.ts';

/** Another user of this host, as whom root goes on. */
export interface Servant {
  /** As him for the present: what is made now is his. */
  readonly enter: () => void;
  /** Root again, for what only root may. */
  readonly leave: () => void;
  /** As him from now on, with no way back. */
  readonly become: () => void;
}

/** Throws McblockError('usage') where there is no such user, or this process is not root. */
export function servantOf(name: string): Servant {
  if (process.geteuid?.() !== 0) {
    throw new McblockError('usage', '--user is for root, who gives up being it');
  }
  const group = groupOf(name);
  return {
    enter() {
      process.setegid?.(group);
      process.seteuid?.(name);
    },
    leave,
    become() {
      leave();
      process.setgroups?.([group]);
      process.setgid?.(group);
      process.setuid?.(name);
    },
  };
}

function leave(): void {
  process.seteuid?.(0);
  process.setegid?.(0);
}

/** Only id(1) knows users that are not in /etc/passwd. */
function groupOf(name: string): number {
  try {
    if (!/^[A-Za-z_][\w.-]*$/.test(name)) throw new Error('it is no name');
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    return Number(execFileSync('id', ['-g', name], { encoding: 'utf8', stdio: [...stdio] }));
  } catch (error) {
    throw new McblockError('usage', `--user ${name}: there is no such user (${reasonOf(error)})`, {
      cause: error,
    });
  }
}
