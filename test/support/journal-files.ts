import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

const REMOTE = '/lib/systemd/systemd-journal-remote';

/** Whether this machine has what reads and writes journals. */
export const hasJournal = existsSync(REMOTE) && existsSync('/usr/bin/journalctl');

export type Fields = Readonly<Record<string, string | Buffer>>;

/** A failed login, as sshd leaves it in the journal, with other fields instead. */
export function failedLogin(seconds: number, pid: number, fields: Fields = {}): Fields {
  return {
    __REALTIME_TIMESTAMP: `${seconds}123456`,
    _BOOT_ID: '1'.repeat(32),
    _MACHINE_ID: '2'.repeat(32),
    _HOSTNAME: 'gw',
    _TRANSPORT: 'syslog',
    _UID: '0',
    _COMM: 'sshd',
    _PID: String(pid),
    _SYSTEMD_UNIT: 'ssh.service',
    SYSLOG_IDENTIFIER: 'sshd',
    MESSAGE: `Failed password for root from 203.0.113.7 port ${40_000 + pid} ssh2`,
    ...fields,
  };
}

/** A folder of journal files, written by systemd-journal-remote. */
export class JournalFiles {
  readonly folder: string;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.folder = folder;
  }

  write(entries: readonly Fields[], file = 'system.journal'): void {
    const output = join(this.folder, file);
    execFileSync(REMOTE, [`--output=${output}`, '-'], {
      input: Buffer.concat(entries.map(exported)),
      stdio: ['pipe', 'ignore', 'pipe'],
    });
  }
}

/** systemd.io/JOURNAL_EXPORT_FORMATS */
function exported(fields: Fields): Buffer {
  const parts = Object.entries(fields).map(([name, value]) => {
    const bytes = Buffer.from(value as Buffer);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(bytes.length));
    const isBinary = typeof value !== 'string';
    return isBinary
      ? Buffer.concat([Buffer.from(`${name}\n`), length, bytes, Buffer.from('\n')])
      : Buffer.from(`${name}=${value}\n`);
  });
  return Buffer.concat([...parts, Buffer.from('\n')]);
}
