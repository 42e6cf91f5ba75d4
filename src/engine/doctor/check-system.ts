import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Seconds } from '../../blocklist/entry.ts';
import { DAY_SECONDS } from '../../blocklist/policy.ts';
import { findProgram } from '../../process/find-program.ts';
import { buildTimeOf } from '../geo.ts';
import type { SystemService } from '../host/services.ts';
import { type Found, ok, problem, warning } from './finding.ts';

const RENEW_DAYS = 30;
const GEO_DAYS = 90;

/** Whether other users can read the program: daemons and units do not run as root. */
export function checkProgram(file: string): Found {
  for (let path = file; ; path = dirname(path)) {
    const { mode } = statSync(path);
    if ((mode & (path === file ? 0o004 : 0o001)) === 0) {
      return warning(
        `${path} is not accessible to other users, so they cannot run mcblock`,
        'install it for all users: daemons do not run as root',
      );
    }
    if (path === dirname(path)) return ok('readable for all users');
  }
}

/** The programs that read compressed logs; bzip2 and gzip can be read without. */
export function checkDecompressors(): Found {
  const missing = ['xz', 'zstd'].filter((name) => findProgram(name) === undefined);
  const bzip2 = ['lbzip2', 'bzip2'].find((name) => findProgram(name) !== undefined);
  if (missing.length > 0) {
    const names = missing.join(' and ');
    return warning(`${names} not found: such logs cannot be read`, `install ${names}`);
  }
  if (bzip2 === undefined) {
    return warning('bzip2 not found: .bz2 logs are read slowly', 'install lbzip2 or bzip2');
  }
  return ok(`${bzip2}, xz and zstd found`);
}

/** @param files the settings and the certificates that they name */
export function checkCertificates(files: ReadonlyMap<string, string>, now: Seconds): Found {
  let first = Number.POSITIVE_INFINITY;
  for (const [setting, file] of files) {
    const ends = Date.parse(new X509Certificate(readFileSync(file)).validTo) / 1000;
    const days = Math.floor((ends - now) / DAY_SECONDS);
    if (days < 0) return problem(`${setting}: ${file} has expired`, 'renew it');
    if (days < RENEW_DAYS)
      return warning(`${setting}: ${file} expires in ${days} days`, 'renew it');
    first = Math.min(first, days);
  }
  return ok(`valid for ${first} days or more`);
}

/**
 * Whether the enabled services are running, and one of them restores the rules of nftables at boot.
 * @param isForgotten the firewall holds nothing after a reboot
 */
export function checkServices(services: readonly SystemService[], isForgotten: boolean): Found {
  // A service that runs once has ended, or runs at the next boot.
  const stopped = services.find(({ command, isRunning }) => command !== 'apply' && !isRunning);
  if (stopped !== undefined) {
    return problem(`${stopped.name} is enabled but not running`, stopped.advice);
  }
  const failing = services.find(({ isFailing }) => isFailing);
  if (failing !== undefined) {
    return problem(`${failing.name} ends and is restarted again and again`, failing.advice);
  }
  const applies = services.some(
    ({ command, isEnabled }) => isEnabled && command !== 'serve' && command !== 'feed',
  );
  if (isForgotten && !applies) {
    return warning(
      'no service restores the rules after a reboot',
      'run mcblock setup, or systemctl enable mcblock-apply',
    );
  }
  const names = services.map(({ name }) => name).join(', ');
  return ok(names === '' ? 'none enabled' : names);
}

/** Their age by the time they were built: a copy has a newer file time. */
export async function checkGeoDatabases(files: readonly string[], now: Seconds): Promise<Found> {
  let oldest = 0;
  for (const file of files) {
    const days = Math.floor((now - (await buildTimeOf(file))) / DAY_SECONDS);
    if (days > GEO_DAYS) return warning(`${file} is ${days} days old`, 'fetch a new one');
    oldest = Math.max(oldest, days);
  }
  return ok(`${files.join(', ')}: ${oldest} days old`);
}

/** Whether the clock agrees with the store and is set by the network. */
export function checkClock(isDoubtful: boolean, isSynchronised: boolean): Found {
  if (isDoubtful) {
    return problem('more than 30 days ahead of the store', 'set it; if it is right, use --yes');
  }
  if (isSynchronised) return ok('synchronised');
  return warning(
    'not known to be synchronised: penalties and log times depend on it',
    'run ntpd, chronyd or systemd-timesyncd',
  );
}
