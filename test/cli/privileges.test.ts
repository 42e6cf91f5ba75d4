import { expect, it } from 'vitest';
import { refuseRoot } from '../../src/cli/privileges.ts';

const isRoot = process.geteuid?.() === 0;

it('refuses a user together with --as-root', () => {
  expect(() => refuseRoot('probe.user', '_mcblock', true)).toThrow(
    'probe.user is _mcblock; unset it, or leave out --as-root',
  );
});

it.skipIf(!isRoot)('refuses root without a user', () => {
  expect(() => refuseRoot('listen.user', '')).toThrow('refusing to run as root: set listen.user');
});

it('takes root with a user or --as-root', () => {
  expect(() => refuseRoot('listen.user', '_mcblock')).not.toThrow();
  expect(() => refuseRoot('listen.user', '', true)).not.toThrow();
});
