import type { Host } from './host.ts';

/** Where each system's syslogd writes the messages of sshd. */
const AUTH_LOGS = ['/var/log/auth.log', '/var/log/authlog', '/var/log/secure'];

/** The log with failed logins; undefined if there is none, as on a machine that has only a journal. */
export function authLog(host: Host): string | undefined {
  return AUTH_LOGS.find((path) => host.exists(path));
}
