import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { check, type Finding, type Found, ok } from '../../engine/doctor/finding.ts';
import { loadGeo } from '../../engine/geo.ts';
import { reasonOf } from '../../errors.ts';
import { openFollowed } from '../../log/follow/follow-file.ts';
import { isPattern, matchingFiles } from '../../log/follow/matching-files.ts';
import { findProgram } from '../../process/find-program.ts';
import { readOptionsOf } from '../log-options.ts';
import { requireUser } from '../privileges.ts';
import type { Config } from './config.ts';
import { configuredFirewall, configuredKind, namesFirewall } from './firewall-settings.ts';
import { fleetClient } from './fleet-client.ts';
import { listenSettings } from './listen-settings.ts';
import type { LogSetting } from './log-setting.ts';
import { notifyTarget } from './notify-target.ts';
import { publisherSettings } from './publisher-settings.ts';

/** Whether the files, certificates, programs and users that a configuration names exist and fit. */
export async function checkConfig(config: Config): Promise<Finding[]> {
  const findings = [
    await check('grammar', async () => {
      // Includes the rules.
      const { scanners } = await readOptionsOf(config, {});
      return ok(`${scanners.length} services`);
    }),
    await check('geo', () => checkGeo(config)),
  ];
  const journal = config.get('journal.directory');
  if (journal !== '') {
    findings.push(
      await check('journal', () => {
        const found = accessible('journal.directory', journal);
        required('journal.directory', journal, statSync(journal).isDirectory(), 'a folder');
        return found;
      }),
    );
  }
  for (const log of config.get('log')) findings.push(await check('log', () => checkLog(log)));
  if (namesFirewall(config)) findings.push(await check('firewall', () => checkPrograms(config)));
  if (config.get('fleet.url') !== '') {
    findings.push(
      await check('fleet', () => {
        fleetClient(config).close();
        return ok(config.get('fleet.url'));
      }),
    );
  }
  if (config.get('pubsub.address') !== '') {
    findings.push(await check('pubsub', () => checkPubsub(config)));
  }
  const users = [
    ['probe.user', config.get('probe.user')],
    ['listen.user', config.get('listen.user')],
  ] as const;
  for (const [key, user] of users) {
    if (user !== '') findings.push(await check('user', () => checkUser(key, user)));
  }
  if (config.get('notify.command').length > 0 || config.get('notify.url') !== '') {
    findings.push(await check('notify', () => checkNotify(config)));
  }
  return findings;
}

/** A log need not exist yet, but if it does, it must be readable. */
function checkLog({ file, unit }: LogSetting): Found {
  if (unit !== '' && findProgram('journalctl') === undefined) {
    throw new Error(`log: unit = "${unit}": journalctl: not found`);
  }
  const names = isPattern(file) ? matchingFiles(file).files : file === '' ? [] : [file];
  for (const name of names) openFollowed(name, true)?.close();
  return ok(file || unit);
}

async function checkGeo(config: Config): Promise<Found> {
  await loadGeo({ country: config.get('geo.country'), network: config.get('geo.network') });
  return ok('as configured');
}

async function checkPrograms(config: Config): Promise<Found> {
  const { name } = await configuredFirewall(config);
  const [kind, file] = [configuredKind(config), config.get('firewall.file')];
  if (kind === 'file' || (kind === 'pf' && file !== '')) {
    accessible('firewall.file', dirname(file), constants.W_OK);
    const present = statSync(file, { throwIfNoEntry: false });
    required('firewall.file', file, !present?.isDirectory(), 'a file');
  }
  if (kind === 'file') {
    const [command] = config.get('firewall.command');
    if (command !== undefined) accessible('firewall.command', command, constants.X_OK);
  } else if (kind === 'pf') {
    const [helper] = config.get('firewall.helper');
    if (helper !== undefined) accessible('firewall.helper', helper, constants.X_OK);
    else accessible('firewall.pfctl', config.get('firewall.pfctl'), constants.X_OK);
  } else {
    accessible('firewall.nft', config.get('firewall.nft'), constants.X_OK);
  }
  return ok(name);
}

function checkPubsub(config: Config): Found {
  publisherSettings(config);
  for (const { name, action } of listenSettings(config).channels) {
    if (action.kind !== 'command') continue;
    accessible(`listen.channels.${name}`, action.argv[0] ?? '', constants.X_OK);
  }
  return ok(config.get('pubsub.address'));
}

function checkNotify(config: Config): Found {
  const target = notifyTarget(config);
  if ('url' in target) return ok(target.url);
  return accessible('notify.command', target.command[0], constants.X_OK);
}

async function checkUser(key: string, user: string): Promise<Found> {
  await requireUser(user, key);
  return ok(user);
}

/** @param mode with X_OK, it must be a program */
function accessible(key: string, path: string, mode = constants.R_OK): Found {
  try {
    accessSync(path, mode);
  } catch (error) {
    throw new Error(`${key}: ${path}: ${reasonOf(error)}`, { cause: error });
  }
  // A folder that may be entered is executable too.
  if (mode === constants.X_OK) required(key, path, statSync(path).isFile(), 'a program');
  return ok(path);
}

function required(key: string, path: string, isSo: boolean, what: string): void {
  if (!isSo) throw new Error(`${key}: ${path}: not ${what}`);
}
