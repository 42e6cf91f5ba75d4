import { formatAddress } from '../../net/address-text.ts';
import { formatPrefix, shortPrefix } from '../../net/prefix-text.ts';
import { type EntryReport, type GrokReport, OUTCOMES, type Outcome } from '../grok-report.ts';
import type { Colours } from './colours.ts';
import { printable } from './printable.ts';
import { type Column, tableLines } from './table.ts';
import { isoTime, shortTime } from './time.ts';

const TITLES: Record<Outcome, string> = {
  new: 'new',
  reactivated: 'reactivated',
  extended: 'extended',
  covered: 'hit again',
  evidence: 'evidence',
};

const SHOWN_MESSAGES = 3;

const COLUMNS: readonly Column<EntryReport>[] = [
  { title: '', cell: ({ outcome }) => `  ${TITLES[outcome]}` },
  { title: 'PREFIX', cell: ({ entry }) => shortPrefix(entry.prefix) },
  { title: 'TIMES', align: 'right', cell: ({ entry }) => String(entry.activations) },
  { title: 'UNTIL (UTC)', cell: ({ entry }) => shortTime(entry.expiresAt) },
  { title: 'HITS', align: 'right', cell: ({ hits }) => String(hits) },
  { title: 'BECAUSE OF', cell: ({ messages }) => messagesText(messages) },
];

/** What reading a log did, for people: what was read, what became of whom, and the sum. */
export function grokReportLines(report: GrokReport, colours: Colours, verbose: boolean): string[] {
  const name = printable(report.summary.name);
  if (report.alreadyRead) return [`${name}: read before, nothing new`];
  const lines = [`${name}: ${readText(report)}`];
  const rows = report.entries();
  if (rows.length > 0) {
    const [titles = '', ...cells] = tableLines(COLUMNS, rows);
    lines.push(
      colours.dim(titles),
      ...cells.map((line, index) => paint(line, rows[index], colours)),
    );
  }
  for (const { address, reason, count } of report.spared) {
    lines.push(`  spared       ${formatAddress(address)}, ${SPARED[reason]}: ${offences(count)}`);
  }
  if (verbose) {
    for (const { service, message, count } of report.summary.messages) {
      lines.push(`  ${service} ${message}: ${count.toLocaleString('en')}`);
    }
  }
  return [...lines, `  ${sumText(report)}`];
}

export function grokReportJson(report: GrokReport): object {
  const { name, content, newFrom, span, lines, offenceCount, warnings } = report.summary;
  return {
    log: name,
    alreadyRead: report.alreadyRead,
    bytes: content.bytes,
    newFrom,
    first: span ? isoTime(span.first) : null,
    last: span ? isoTime(span.last) : null,
    lines,
    offences: offenceCount,
    entries: report.entries().map((row) => ({
      prefix: formatPrefix(row.entry.prefix),
      outcome: row.outcome,
      hits: row.hits,
      activations: row.entry.activations,
      expiresAt: isoTime(row.entry.expiresAt),
      messages: Object.fromEntries(row.messages),
    })),
    spared: report.spared.map(({ address, reason, count }) => ({
      address: formatAddress(address),
      reason,
      offences: count,
    })),
    warnings,
  };
}

const SPARED = {
  allowed: 'on the allow-list',
  own: 'an address of this host',
  login: 'logged in',
  private: 'private space',
} as const;

function readText({ summary }: GrokReport): string {
  const { lines, span, offenceCount, newFrom } = summary;
  const since = newFrom > 0 ? ' new' : '';
  const when = span ? `, ${shortTime(span.first)} to ${shortTime(span.last)} UTC` : '';
  const odd = [
    lines.unmatched > 0 && `${lines.unmatched.toLocaleString('en')} not understood`,
    lines.ambiguous > 0 && `${lines.ambiguous.toLocaleString('en')} ambiguous`,
    lines.cut > 0 && `${lines.cut.toLocaleString('en')} too long`,
  ].filter((text) => text !== false);
  const oddText = odd.length > 0 ? ` (${odd.join(', ')})` : '';
  return `${lines.lines.toLocaleString('en')}${since} lines${when}, ${offences(offenceCount)}${oddText}`;
}

function sumText(report: GrokReport): string {
  const parts = OUTCOMES.map((outcome) => `${report.count(outcome)} ${TITLES[outcome]}`);
  return [...parts, `${report.spared.length} spared`].join(', ');
}

function offences(count: number): string {
  return `${count.toLocaleString('en')} offence${count === 1 ? '' : 's'}`;
}

/** The most frequent messages: `sshd: failed-login 81, invalid-user 55, ...`. */
function messagesText(messages: ReadonlyMap<string, number>): string {
  const sorted = [...messages].toSorted(([, p], [, q]) => q - p);
  let service = '';
  const shown = sorted.slice(0, SHOWN_MESSAGES).map(([name, count]) => {
    const [by = '', message = ''] = name.split(' ');
    const text = by === service ? `${message} ${count}` : `${by}: ${message} ${count}`;
    service = by;
    return text;
  });
  return [...shown, ...(sorted.length > SHOWN_MESSAGES ? ['...'] : [])].join(', ');
}

function paint(line: string, row: EntryReport | undefined, colours: Colours): string {
  if (row?.outcome === 'new') return colours.red(line);
  if (row?.outcome === 'reactivated') return colours.yellow(line);
  return line;
}
