import { McblockError, reasonOf } from '../errors.ts';
import { runProgram, wordsOf } from '../process/run-program.ts';

const ID = '/usr/bin/id';

/** The type declarations of Node do not know it. */
const { initgroups } = process as { readonly initgroups?: (user: string, group: number) => void };

/** The user and group as whom root goes on. */
export interface LesserUser {
  /** What `work` makes meanwhile is his. */
  during<T>(work: () => Promise<T>): Promise<T>;
  /** As him from now on. Throws McblockError('program') unless there is no way back. */
  become(): void;
}

/**
 * `group` empty: that of the user. `named` is how the user was named, for messages: `--user`.
 * Throws McblockError('config') where there is no such user, or this process may not go on as him.
 */
export async function lesserUser(user: string, group: string, named: string): Promise<LesserUser> {
  const uid = await idOf('-u', user, named);
  if (process.geteuid?.() === uid && uid !== 0) return ALREADY_HE;
  if (process.geteuid?.() !== 0) {
    throw new McblockError(
      'config',
      `only root can go on as ${user}; leave ${named} out, or start as root`,
    );
  }
  const gid = group === '' ? await idOf('-g', user, named) : groupId(group);
  if (uid === 0) throw new McblockError('config', `${user} is root; name another user`);
  return {
    async during(work) {
      process.setegid?.(gid);
      process.seteuid?.(uid);
      try {
        return await work();
      } finally {
        process.seteuid?.(0);
        process.setegid?.(0);
      }
    },
    become() {
      // In this order: without root the groups could not be changed any more.
      process.setgid?.(gid);
      initgroups?.call(process, user, gid);
      process.setuid?.(uid);
      check(uid, gid);
    },
  };
}

/** Whoever starts daemons made it so. */
const ALREADY_HE: LesserUser = { during: (work) => work(), become() {} };

function check(uid: number, gid: number): void {
  const { getuid, geteuid, getgid, getegid, getgroups } = process;
  const isHim =
    getuid?.() === uid && geteuid?.() === uid && getgid?.() === gid && getegid?.() === gid;
  const isRootsGroup = gid !== 0 && getgroups?.().includes(0);
  if (isHim && !isRootsGroup && !canReturn()) return;
  throw new McblockError('program', 'root could not be given up whole; nothing is done');
}

function canReturn(): boolean {
  try {
    process.setuid?.(0);
    return true;
  } catch {
    return false;
  }
}

/** Asks id(1), as not every user is in /etc/passwd. */
async function idOf(what: '-u' | '-g', user: string, named: string): Promise<number> {
  if (!/^[A-Za-z_][\w.-]*$/.test(user)) throw noSuchUser(user, named, 'not a user name');
  const { ok, stdout, stderr } = await runProgram(ID, [what, user]);
  if (!ok || !/^\d+\n$/.test(stdout.toString())) throw noSuchUser(user, named, wordsOf(stderr));
  return Number(stdout);
}

function noSuchUser(user: string, named: string, reason: string): McblockError {
  return new McblockError('config', `${named} ${user}: there is no user of that name (${reason})`);
}

/** Node looks the name up where the system does; asking for one's own group changes nothing. */
function groupId(group: string): number {
  const own = process.getegid?.() ?? 0;
  try {
    process.setegid?.(group);
    return process.getegid?.() ?? own;
  } catch (error) {
    throw new McblockError('config', `there is no group ${group} (${reasonOf(error)})`, {
      cause: error,
    });
  } finally {
    process.setegid?.(own);
  }
}
