import { expect, it } from 'vitest';
import { FollowedLines } from '../../../src/log/follow/follow-lines.ts';
import { loadScanners } from '../../../src/log/scanners.ts';
import { addressOf } from '../../../src/net/address.ts';
import { prefixAround } from '../../../src/net/prefix.ts';

const NOW = Date.UTC(2026, 2, 24) / 1000;
const TIME = '2026-03-23T00:00:00Z gw sshd';

it('A user who logged in according to one log is known in the others', async () => {
  const known = { names: new Set<string>(), hashes: new Set<number>() };
  const options = {
    scanners: await loadScanners(''),
    zone: 'UTC',
    points: new Map(),
    userKey: Buffer.alloc(8),
    users: { conditions: [{ isKnown: true, names: [] }], known },
  };
  const logs = ['a', 'b'].map((name) => new FollowedLines(options, undefined, name, 0));
  let pid = 0;
  const masks = (text: string) =>
    logs.map((lines) => {
      lines.push(
        Buffer.from(`${TIME}[${++pid}]: ${text} password for eve from 5.149.105.9 port 4 ssh2\n`),
      );
      const groups = lines.take(NOW).groups(() => prefixAround(addressOf(4, 0), 0));
      return Array.from(groups, ({ offences }) => Array.from(offences, ({ kind }) => kind.users));
    });
  expect(masks('Failed')).toEqual([[[undefined]], [[undefined]]]);
  logs[0]?.push(
    Buffer.from(`${TIME}[9]: Accepted password for eve from 5.149.105.8 port 4 ssh2\n`),
  );
  expect(masks('Failed')).toEqual([[[1]], [[1]]]);
});
