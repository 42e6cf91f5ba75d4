import { may, type User, type UserKey } from '../../fleet/user.ts';
import { shortDuration } from './duration.ts';
import { type Column, timeColumn } from './table.ts';
import { isoTime, shortTime } from './time.ts';

/** The columns of a list of users. @param keys by the user's name */
export function userColumns(keys: ReadonlyMap<string, UserKey>): readonly Column<User>[] {
  return [
    { title: 'NAME', cell: ({ name }) => name },
    { title: 'SCOPES', cell: ({ scopes }) => scopes.join(',') },
    { title: 'WIDEST', cell: widestText },
    { title: 'LONGEST', cell: longestText },
    timeColumn('SINCE', ({ createdAt }) => shortTime(createdAt)),
    timeColumn('KEY SINCE', ({ name }) => keyTime(keys.get(name))),
    { title: '', cell: ({ disabled }) => (disabled ? 'disabled' : '') },
  ];
}

/** Administrators have no limits. */
function widestText(user: User): string {
  return may(user, 'admin') ? '' : `/${user.widest4} /${user.widest6}`;
}

function longestText(user: User): string {
  if (may(user, 'admin')) return '';
  return user.longest === 'forever' ? 'forever' : shortDuration(user.longest);
}

function keyTime(key: UserKey | undefined): string {
  return key === undefined ? '' : shortTime(key.since);
}

export function userJson(user: User, key: UserKey | undefined): object {
  const { name, scopes, widest4, widest6, longest, disabled, createdAt } = user;
  const seconds = longest === 'forever' ? null : longest;
  return {
    name,
    scopes,
    widest4,
    widest6,
    longestSeconds: seconds,
    disabled,
    createdAt: isoTime(createdAt),
    key: key?.key ?? null,
    keySince: isoTime(key?.since),
  };
}
