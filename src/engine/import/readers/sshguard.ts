import type { ForeignBan, ForeignFile } from '../foreign-ban.ts';
import { numberedLines } from './numbered-lines.ts';

/** By their numbers in sshguard's attack.h. */
const SERVICES: ReadonlyMap<number, string> = new Map([
  [100, 'ssh'],
  [110, 'sshguard'],
  [200, 'uwimap'],
  [210, 'dovecot'],
  [220, 'cyrus-imap'],
  [230, 'cucipop'],
  [240, 'exim'],
  [250, 'sendmail'],
  [260, 'postfix'],
  [270, 'opensmtpd'],
  [280, 'courier'],
  [300, 'ftpd'],
  [310, 'proftpd'],
  [320, 'pure-ftpd'],
  [330, 'vsftpd'],
]);

const LINE = /^(\d{1,12})\|(\d{1,6})\|[46]\|([^|]*)$/;

/**
 * Reads the blacklist of sshguard(8): `time|service|4 or 6|address`. Its addresses are blocked
 * forever.
 */
export function* readSshguard({ file }: ForeignFile): Generator<ForeignBan> {
  for (const { number, line } of numberedLines(file.lines())) {
    if (line.startsWith('#')) continue;
    const [, at, service, text] = LINE.exec(line) ?? [];
    if (text === undefined) yield { number, text: line, fault: 'not a line of a blacklist' };
    else {
      const reason = SERVICES.get(Number(service)) ?? `service ${service}`;
      yield { number, text, since: Number(at), until: 'forever', reason };
    }
  }
}
