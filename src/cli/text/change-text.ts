import { formatPrefix, shortPrefix } from '../../net/prefix-text.ts';
import type { RecordedChange } from '../../store/changes.ts';
import type { WithdrawalReason } from '../../store/withdrawals.ts';
import { printable } from './printable.ts';
import { isoTime, shortTime } from './time.ts';

export function changeJson(change: RecordedChange): object {
  const { prefix, at, action, activation, since, until, origin, note, by, command, user, rule } =
    change;
  return {
    at: isoTime(at),
    action,
    prefix: formatPrefix(prefix),
    activation: activation ?? null,
    since: isoTime(since),
    until: isoTime(until),
    origin: origin ?? null,
    note,
    by: by === '' ? null : by,
    user: user === '' ? null : user,
    command: command === '' ? null : command,
    rule: rule ?? null,
    logs: change.logs,
  };
}

/** One line: the time, the prefix, what happened to it, where it came from, and who did it. */
export function changeLine(change: RecordedChange): string {
  const { at, prefix, origin, note, by, command, user, rule, logs } = change;
  const parts = [
    origin && `origin ${origin}`,
    by && `from ${printable(by)}`,
    note && change.action !== 'undone' && noteText(change),
    rule && `by rule ${printable(rule)}`,
    logs.length > 0 && `in ${logs.map(printable).join(', ')}`,
    command && `by ${user === '' ? '' : `${printable(user)}: `}${printable(command)}`,
  ].filter((part) => part);
  const what = `${shortTime(at)}  ${shortPrefix(prefix)} ${actionText(change)}`;
  return parts.length === 0 ? what : `${what}; ${parts.join('; ')}`;
}

function actionText({
  note,
  at,
  action,
  activation,
  since,
  until = 'forever',
}: RecordedChange): string {
  const end = until === 'forever' ? 'forever' : `until ${shortTime(until)}`;
  switch (action) {
    case 'activated': {
      const begin =
        since === undefined || shortTime(since) === shortTime(at)
          ? ''
          : `from ${shortTime(since)} `;
      return `${activation === 1 ? 'active' : `active again (${activation})`} ${begin}${end}`;
    }
    case 'prolonged':
      return `prolonged ${end}`;
    case 'expired':
      return 'expired by hand';
    case 'withdrawn':
      return 'withdrawn';
    case 'forgotten':
      return 'forgotten';
    case 'undone':
      return `restored by undo of ${printable(note)}`;
    case 'allowed':
      return `added to the allow-list${until === 'forever' ? '' : ` ${end}`}`;
    case 'disallowed':
      return 'removed from the allow-list';
  }
}

function noteText({ action, note }: RecordedChange): string {
  if (action !== 'withdrawn') return `"${printable(note)}"`;
  return withdrawalText(note as WithdrawalReason);
}

/** Why an activation was withdrawn. */
export function withdrawalText(reason: WithdrawalReason): string {
  return reason === 'mistake' ? 'a mistake' : 'a later login excuses its failures';
}
