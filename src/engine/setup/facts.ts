import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorOf } from '../../errors.ts';
import { isPattern, matchingFiles } from '../../log/follow/matching-files.ts';
import { rotationsOf } from '../../log/follow/rotation.ts';
import type { Address } from '../../net/address.ts';
import { parseAddress } from '../../net/address-text.ts';
import { hostPrefix, type Prefix } from '../../net/prefix.ts';
import { programFolder } from '../../program-folder.ts';
import type { Host } from '../host/host.ts';
import { archiveFolders } from '../host/log-jobs.ts';
import { authLog } from '../host/system-log.ts';

/** How a system starts daemons. */
export type Init = 'systemd' | 'freebsd' | 'openbsd' | 'other';

/** Facts about a machine that setup needs. */
export interface Facts {
  readonly init: Init;
  readonly firewall: 'nft' | 'pf';
  /** The full path of nft(8); undefined if it is not installed. */
  readonly nft: string | undefined;
  /** The full path of mcblock where units and rc(8) find it; undefined if it is elsewhere. */
  readonly program: string | undefined;
  /** The log with failed logins; undefined if there is none. */
  readonly authLog: string | undefined;
  readonly hasJournal: boolean;
  /** The addresses from which the person at the terminal came. */
  readonly sessions: readonly Address[];
  /** The private networks of this host. */
  readonly networks: readonly Prefix[];
  /** Where a package has installed the units; undefined if none has. */
  readonly unitFolder: string | undefined;
  readonly hasUser: boolean;
  /** The text of a file of the machine; undefined if there is none. */
  readonly text: (path: string) => string | undefined;
  /** A log and its rotations that exist. */
  readonly historyOf: (log: string) => readonly string[];
  /** The text of a file that comes with mcblock, such as `systemd/mcblock-watch.service`. */
  readonly packaged: (name: string) => string;
}

/** The owner's answers. */
export interface Answers {
  readonly allow: readonly Prefix[];
  /** The logs to follow; none for the journal. */
  readonly logs: readonly string[];
  /** Read the log when newsyslog(8) rotates it, not as it is written. */
  readonly isAtRotation: boolean;
  /** Read what the logs already hold. */
  readonly isHistoryRead: boolean;
}

/** What the owner's configuration has. */
export interface Configured {
  readonly hasFirewall: boolean;
  /** [[log]] */
  readonly hasLogs: boolean;
  /** The service that exchanges bans with a fleet; undefined without one. */
  readonly fleetService: 'listen' | 'sync' | undefined;
  /** The ports of [probe], or what the firewall redirects. */
  readonly hasProbe: boolean;
  /** The command or the URL of [notify]. */
  readonly hasNotify: boolean;
  /** The files with passwords, keys and tokens that services read. */
  readonly secrets: readonly string[];
}

/** The user as which the units run. */
export const USER = '_mcblock';

const PROGRAMS = ['/usr/local/bin/mcblock', '/usr/bin/mcblock'];
const NFT = ['/usr/sbin/nft', '/sbin/nft', '/usr/bin/nft', '/usr/local/sbin/nft'];
/** Where packages install units; the administrator's own are in /etc. */
const UNIT_FOLDERS = ['/usr/lib/systemd/system', '/lib/systemd/system'];

/**
 * @param networks the private networks of this host
 * @param session the address of SSH_CONNECTION, if any
 */
export async function factsOf(
  host: Host,
  networks: readonly Prefix[],
  session: Address | undefined,
  sudoUser: string | undefined,
): Promise<Facts> {
  return {
    init: initOf(host),
    firewall: host.platform === 'linux' ? 'nft' : 'pf',
    nft: NFT.find((path) => host.isExecutable(path)),
    program: PROGRAMS.find((path) => host.isExecutable(path)),
    authLog: authLog(host),
    hasJournal: host.isExecutable('/usr/bin/journalctl') && host.hasSystemd,
    sessions: session === undefined ? await sudoSessions(host, sudoUser) : [session],
    networks,
    unitFolder: UNIT_FOLDERS.find((folder) => host.exists(`${folder}/mcblock-watch.service`)),
    hasUser: new RegExp(`^${USER}:`, 'm').test(host.text('/etc/passwd') ?? ''),
    text: (path) => host.text(path),
    historyOf: (log) => {
      const archives = archiveFolders(host);
      return (isPattern(log) ? matchingFiles(host.path(log)).files : [log]).flatMap((file) => {
        const path = isPattern(log) ? file : host.path(log);
        if (!existsSync(dirname(path))) return [];
        return [...(existsSync(path) ? [file] : []), ...rotationsOf(path, archives)];
      });
    },
    packaged: packagedText,
  };
}

/** The prefixes that are allowed unless the owner names others. */
export function suggestedAllowList({ sessions, networks }: Facts): Prefix[] {
  return [...sessions.map(hostPrefix), ...networks];
}

function initOf(host: Host): Init {
  if (host.hasSystemd) return 'systemd';
  return host.platform === 'freebsd' || host.platform === 'openbsd' ? host.platform : 'other';
}

/** sudo(8) removes SSH_CONNECTION; who(1) still knows where its user came from. */
async function sudoSessions(host: Host, user: string | undefined): Promise<Address[]> {
  if (user === undefined || !host.isExecutable('/usr/bin/who')) return [];
  const { stdout } = await host.run('/usr/bin/who', []);
  const found = new Map<string, Address>();
  for (const line of stdout.toString('latin1').split('\n')) {
    const [, text] = line.startsWith(`${user} `) ? (/\(([^()]+)\)$/.exec(line) ?? []) : [];
    const address = text === undefined ? undefined : parseAddress(text);
    if (address !== undefined && text !== undefined) found.set(text, address);
  }
  return [...found.values()];
}

function packagedText(name: string): string {
  const file = join(programFolder(), 'packaging', name);
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw errorOf('file', file, cause);
  }
}
