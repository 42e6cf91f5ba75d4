import type { Host } from './host.ts';

/** Where syslogd of each system writes what sshd says. */
const AUTH_LOGS = ['/var/log/auth.log', '/var/log/authlog', '/var/log/secure'];

/** The log with failed logins; undefined if this machine has none, as with a journal only. */
export function authLog(host: Host): string | undefined {
  return AUTH_LOGS.find((path) => host.exists(path));
}
