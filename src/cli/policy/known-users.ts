import type { Host } from '../../engine/host/host.ts';

/** The accounts of this host, as far as files name them. */
export interface Accounts {
  readonly names: ReadonlySet<string>;
  /** Another source of users; undefined if there is none. */
  readonly otherSource: string | undefined;
}

/** systemd adds only users that it makes itself, for services. */
const LOCAL_SOURCES = new Set(['files', 'compat', 'systemd', 'cache']);

/** Reads passwd(5) and nsswitch.conf(5). */
export function accountsOf(host: Host): Accounts {
  const passwd = host.text('/etc/passwd');
  const lines = (passwd ?? '').split('\n').filter((line) => /^[^#:\s][^:]*:/.test(line));
  const names = lines.map((line) => line.slice(0, line.indexOf(':')));
  return {
    names: new Set(names.filter((name) => !/^[+-]/.test(name))),
    otherSource: otherSourceOf(passwd, names, host.text('/etc/nsswitch.conf') ?? ''),
  };
}

function otherSourceOf(
  passwd: string | undefined,
  names: readonly string[],
  nsswitch: string,
): string | undefined {
  if (passwd === undefined) return 'a passwd file that cannot be read';
  // Such a line stands for the users of NIS.
  if (names.some((name) => name.startsWith('+')) || /^\+/m.test(passwd)) return 'NIS';
  const [, sources = ''] = /^\s*passwd:([^\n#]*)/m.exec(nsswitch) ?? [];
  return sources
    .replace(/\[[^\]]*\]/g, ' ')
    .split(/\s+/)
    .find((source) => source !== '' && !LOCAL_SOURCES.has(source));
}
