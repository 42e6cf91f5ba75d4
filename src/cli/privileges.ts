import { closeSync, openSync } from 'node:fs';
import { McblockError } from '../errors.ts';
import type { UserIds } from '../process/program.ts';
import { runProgram } from '../process/run-program.ts';

const ID = '/usr/bin/id';

/** Missing in the type declarations of Node. */
const { initgroups } = process as { readonly initgroups?: (user: string, group: number) => void };

/** Throws McblockError unless root is to be given up to `user`, or kept by --as-root. */
export function refuseRoot(named: string, user: string, asRoot = false): void {
  if (user !== '' && asRoot) {
    throw new McblockError('usage', `${named} is ${user}; unset it, or leave out --as-root`);
  }
  if (process.geteuid?.() !== 0 || user !== '' || asRoot) return;
  throw new McblockError(
    'config',
    `refusing to run as root: set ${named} (and firewall.helper for pf), or use --as-root`,
  );
}

/** The user and group that root switches to. */
export interface TargetUser {
  /** Undefined if this process is that user already. */
  readonly ids: UserIds | undefined;
  /** Runs `work` as that user, who owns the files that it creates. */
  during<T>(work: () => Promise<T>): Promise<T>;
  /** Gives up root for good. Throws McblockError('program') if there is a way back. */
  become(): void;
}

/**
 * `group` defaults to the group of the user, if empty. `named` is the option or key that names the
 * user, for messages. Throws McblockError('config') if there is no such user, if this process may not
 * switch to it, or if it may not read the program.
 */
export async function targetUser(user: string, group: string, named: string): Promise<TargetUser> {
  const uid = await idOf('-u', user, named);
  if (process.geteuid?.() === uid && uid !== 0) return ALREADY_THAT_USER;
  if (process.geteuid?.() !== 0) {
    throw new McblockError(
      'config',
      `only root can switch to ${user}: leave out ${named}, or start as root`,
    );
  }
  const gid = group === '' ? await idOf('-g', user, named) : groupId(group);
  if (uid === 0) throw new McblockError('config', `${named}: ${user} is root; name another user`);
  const target: TargetUser = {
    ids: { uid, gid },
    async during(work) {
      const groups = process.getgroups?.() ?? [];
      initgroups?.call(process, user, gid);
      process.setegid?.(gid);
      process.seteuid?.(uid);
      try {
        return await work();
      } finally {
        process.seteuid?.(0);
        process.setegid?.(0);
        process.setgroups?.(groups);
      }
    },
    become() {
      // In this order: only root can change the groups.
      process.setgid?.(gid);
      initgroups?.call(process, user, gid);
      process.setuid?.(uid);
      check(uid, gid);
    },
  };
  await target.during(async () => checkProgram(user, named));
  return target;
}

/** Runs `work` as that user; as this process where there is none. */
export function during<T>(target: TargetUser | undefined, work: () => Promise<T>): Promise<T> {
  return target === undefined ? work() : target.during(work);
}

/** Parts of the program are loaded when they are first needed, which may be after the switch. */
function checkProgram(user: string, named: string): void {
  const file = import.meta.filename;
  try {
    closeSync(openSync(file, 'r'));
  } catch (error) {
    throw new McblockError(
      'config',
      `${named}: ${user} cannot read the program (${file}): install it where that user can read it`,
      { cause: error },
    );
  }
}

/** The process was started as that user. */
const ALREADY_THAT_USER: TargetUser = {
  ids: undefined,
  during: (work) => work(),
  become() {},
};

function check(uid: number, gid: number): void {
  const { getuid, geteuid, getgid, getegid, getgroups } = process;
  const isThatUser =
    getuid?.() === uid && geteuid?.() === uid && getgid?.() === gid && getegid?.() === gid;
  const isRootsGroup = gid !== 0 && getgroups?.().includes(0);
  if (isThatUser && !isRootsGroup && !canReturn()) return;
  throw new McblockError('program', 'root privileges could not be dropped completely');
}

function canReturn(): boolean {
  try {
    process.setuid?.(0);
    return true;
  } catch {
    return false;
  }
}

/** Throws McblockError('config') if there is no such user. */
export async function requireUser(user: string, named: string): Promise<void> {
  await idOf('-u', user, named);
}

/** Asks id(1), as not every user is in /etc/passwd. */
async function idOf(what: '-u' | '-g', user: string, named: string): Promise<number> {
  if (!/^[A-Za-z_][\w.-]*$/.test(user)) throw noSuchUser(user, named);
  const { ok, stdout } = await runProgram(ID, [what, user]);
  if (!ok || !/^\d+\n$/.test(stdout.toString())) throw noSuchUser(user, named);
  return Number(stdout);
}

function noSuchUser(user: string, named: string): McblockError {
  return new McblockError('config', `${named}: no such user: ${user}`);
}

/** Switches to the group and back, as Node looks up names of groups only for that. */
function groupId(group: string): number {
  const own = process.getegid?.() ?? 0;
  try {
    process.setegid?.(group);
    return process.getegid?.() ?? own;
  } catch (error) {
    throw new McblockError('config', `listen.group: no such group: ${group}`, {
      cause: error,
    });
  } finally {
    process.setegid?.(own);
  }
}
