import { expect, it } from 'vitest';
import { logLine } from '../../../src/cli/text/log-line.ts';
import type { LogRecord } from '../../../src/fleet/server-log.ts';

const line = (more: Partial<LogRecord>) =>
  logLine({
    time: '2026-11-30T10:34:56.789Z',
    level: 'info',
    event: 'connected',
    fields: {},
    ...more,
  });

it('shows the event and its details', () => {
  expect(line({})).toBe('10:34:56 connected');
  const fields = { to: 'redis.example.net:6379', tls: true, user: undefined, note: '' };
  expect(line({ fields })).toBe('10:34:56 connected: to redis.example.net:6379, tls true');
  expect(
    line({ level: 'warning', event: 'disconnected', fields: { reason: 'ECONNREFUSED' } }),
  ).toBe('10:34:56 warning: disconnected: reason ECONNREFUSED');
});

it('escapes control characters from a peer', () => {
  expect(line({ fields: { detail: '\u001b[2J\n' } })).toBe(
    '10:34:56 connected: detail \\x1b[2J\\x0a',
  );
});
