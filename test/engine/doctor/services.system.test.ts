import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkServices } from '../../../src/engine/doctor/check-system.ts';
import { Host } from '../../../src/engine/host/host.ts';
import { services } from '../../../src/engine/host/services.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mcblock-root-'));
  for (const folder of ['run/systemd/system', 'usr/bin']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
});
afterEach(() => rmSync(root, { recursive: true }));

/** The finding of doctor where systemctl(1) says this of mcblock-watch.service. */
async function found(state: string, restarts: number, secondsAgo: number) {
  const startedAt = Math.round(Number(process.hrtime.bigint()) / 1e3 - secondsAgo * 1e6);
  const systemctl = join(root, 'usr/bin/systemctl');
  writeFileSync(
    systemctl,
    `#!/bin/sh
cat <<END
Id=mcblock-watch.service
ActiveState=${state}
UnitFileState=enabled
NRestarts=${restarts}
ActiveEnterTimestampMonotonic=${startedAt}
END
`,
  );
  chmodSync(systemctl, 0o755);
  return checkServices(await services(new Host('linux', root)), false);
}

describe('a unit of systemd', () => {
  it.each([
    ['active', 0, 5, 'ok'],
    ['active', 7, 3600, 'ok'],
    ['active', 7, 5, 'problem'],
    ['activating', 7, 5, 'problem'],
    ['failed', 0, 5, 'problem'],
  ])('that is %s, after %i restarts, since %i s: %s', async (state, restarts, ago, expected) => {
    expect(await found(state, restarts, ago)).toMatchObject({ state: expected });
  });
});
