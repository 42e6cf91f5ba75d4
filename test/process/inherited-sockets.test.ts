import { expect, it } from 'vitest';
import { inheritedSockets } from '../../src/process/inherited-sockets.ts';

it('takes the sockets that systemd opened for this process', () => {
  expect(inheritedSockets({ LISTEN_PID: '42', LISTEN_FDS: '3' }, 42)).toEqual([3, 4, 5]);
});

it('takes none that are for another process', () => {
  expect(inheritedSockets({ LISTEN_PID: '41', LISTEN_FDS: '3' }, 42)).toEqual([]);
  expect(inheritedSockets({}, 42)).toEqual([]);
});
