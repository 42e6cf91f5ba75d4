import { formatAddress, parseAddress } from '../../../net/address-text.ts';
import type { ForeignBan, ForeignFile } from '../foreign-ban.ts';
import type { LocalTimes } from '../local-times.ts';
import { numberedLines } from './numbered-lines.ts';

/** DenyHosts writes the time of each line before it. */
const REMARK = /^# DenyHosts: (.{24}) \| (.*)$/;
/** DenyHosts' own files: `192.0.2.7:5:Tue Mar 24 10:00:00 2026`. */
const COUNTED = /^([\d.]+|[\da-f:.]*:[\da-f:.]*):(\d{1,9}):([A-Z][a-z]{2} .{20})$/;

/**
 * Reads hosts.deny(5), with the times that DenyHosts notes there, or a file of DenyHosts with a count
 * for each host.
 */
export function* readHostsDeny({ file, times }: ForeignFile): Generator<ForeignBan> {
  let noted: { readonly rule: string; readonly at: string } | undefined;
  for (const { number, line } of numberedLines(file.lines())) {
    if (line.startsWith('#')) {
      const [, at, rule] = REMARK.exec(line) ?? [];
      noted = at === undefined || rule === undefined ? undefined : { rule, at };
      continue;
    }
    const counted = COUNTED.exec(line);
    if (counted !== null) {
      yield banOfCount(number, counted, times);
      continue;
    }
    const since = noted?.rule === line ? times.read(noted.at) : undefined;
    const { services, clients, fault } = ruleOf(line);
    for (const text of clients) yield { number, text, since, reason: services, fault };
  }
}

function banOfCount(
  number: number,
  [, text = '', count = '', at = '']: RegExpExecArray,
  times: LocalTimes,
): ForeignBan {
  const fault = Number(count) === 0 ? `${text} has no failures` : undefined;
  return { number, text, since: times.read(at), reason: `${count} failures`, fault };
}

interface Rule {
  readonly services: string;
  readonly clients: readonly string[];
  readonly fault?: string;
}

/** `sshd, vsftpd: 192.0.2.7, [2001:db8::]/32: shell command`; an address alone is a client too. */
function ruleOf(line: string): Rule {
  const colon = line.indexOf(':');
  const list = line.slice(colon + 1).trim();
  if (colon < 0 || parseAddress(line) !== undefined) return { services: '', clients: [line] };
  const services = line.slice(0, colon).trim();
  if (parseAddress(list) !== undefined) return { services, clients: [list] };
  // Colons between brackets belong to an address.
  const [patterns = '', ...options] = list.match(/(?:\[[^\]]*\]|[^:[])+/g) ?? [];
  const clients = patterns.split(/[\s,]+/).filter((client) => client !== '');
  if (clients.includes('EXCEPT') || options.some((option) => /^\s*allow\s*$/i.test(option))) {
    return { services, clients: [line], fault: 'a rule that has exceptions or allows' };
  }
  return { services, clients: clients.map(prefixText) };
}

/** A pattern of hosts_access(5) as a prefix; others are returned unchanged, to be refused later. */
function prefixText(pattern: string): string {
  const text = pattern.replace(/^\[(.*)\]/, '$1');
  const [network = '', mask = ''] = text.split('/');
  const maskWord = mask.includes('.') ? parseAddress(mask)?.a : undefined;
  if (maskWord !== undefined) return `${network}/${32 - trailingZeros(maskWord)}`;
  // `192.0.2.` matches all addresses that begin with it.
  const [octets] = /^(?:\d{1,3}\.){1,3}$/.exec(text) ?? [];
  if (octets === undefined) return text;
  const count = octets.split('.').length - 1;
  const first = parseAddress(`${octets}${'0.'.repeat(4 - count)}`.slice(0, -1));
  return first === undefined ? text : `${formatAddress(first)}/${count * 8}`;
}

function trailingZeros(word: number): number {
  return word === 0 ? 32 : 31 - Math.clz32(word & -word);
}
