import { writeFileSync } from 'node:fs';
import { CommandLine } from '../../support/command-line.ts';
import { PASSWORD } from './live-server.ts';

/** A machine that is this user of the fleet. */
export function fleetMachine(url: string, user: string): CommandLine {
  const line = new CommandLine();
  configureFleet(line, url, user);
  return line;
}

/** @param more further settings of the fleet, and then tables */
export function configureFleet(line: CommandLine, url: string, user: string, more = ''): void {
  const password = line.path('password');
  writeFileSync(password, `${PASSWORD}\n`, { mode: 0o600 });
  line.config = line.path('mcblock.toml');
  const text = `[fleet]\nurl = "${url}"\nuser = "${user}"\npassword-file = "${password}"\n${more}`;
  writeFileSync(line.config, text);
}
