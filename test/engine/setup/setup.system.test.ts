import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Host } from '../../../src/engine/host/host.ts';
import { carryOut, prepareSteps } from '../../../src/engine/setup/carry-out.ts';
import { withDigest } from '../../../src/engine/setup/digest-line.ts';
import {
  type Answers,
  type Configured,
  type Facts,
  factsOf,
} from '../../../src/engine/setup/facts.ts';
import { planRemoval, planSetup } from '../../../src/engine/setup/plan.ts';
import type { Plan } from '../../../src/engine/setup/step.ts';
import { parsePrefix } from '../../../src/net/prefix-text.ts';

const AUTH_LOG = '/var/log/auth.log';
const NEWSYSLOG = '/etc/newsyslog.conf';
/** As FreeBSD ships it. */
const LINES = `# logfilename          [owner:group]    mode count size when  flags [/pid_file] [sig_num]
/var/log/all.log                        600  7     *    @T00  J
${AUTH_LOG}                       600  7     1000 @0101T JC
`;
const ANSWERS: Answers = {
  allow: [parsePrefix('198.51.100.0/24')],
  logs: [AUTH_LOG],
  isAtRotation: false,
  isHistoryRead: true,
};
const NOTHING: Configured = {
  hasFirewall: false,
  hasLogs: false,
  fleetService: undefined,
  hasProbe: false,
  hasNotify: false,
  secrets: [],
};
const ALL = { ...NOTHING, hasFirewall: true, hasLogs: true };

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mcblock-setup-'));
  for (const path of [
    '/bin/rm',
    '/usr/local/bin/mcblock',
    '/usr/sbin/service',
    '/usr/sbin/sysrc',
    '/usr/sbin/rcctl',
    '/sbin/pfctl',
  ]) {
    put(path, `#!/bin/sh\necho "${path} $*" >> ${root}/ran\n`, 0o755);
  }
  put('/etc/pf.conf', 'pass\n');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(path: string, text: string, mode = 0o644): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, mode);
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

async function facts(platform: NodeJS.Platform, sudoUser?: string): Promise<Facts> {
  return factsOf(new Host(platform, root), [], undefined, sudoUser);
}

/** Carries a plan out, and gives what it ran. */
async function doIt(platform: NodeJS.Platform, { steps }: Plan, force = false): Promise<string[]> {
  const host = new Host(platform, root);
  rmSync(join(root, 'ran'), { force: true });
  await carryOut(host, prepareSteps(host, steps, force), {
    mcblock: async (args) => {
      writeFileSync(join(root, 'ran'), `mcblock ${args.join(' ')}\n`, { flag: 'a' });
      return 0;
    },
    confirm: async () => true,
    say: () => {},
  });
  return read('ran').trim().split('\n');
}

describe('setup on FreeBSD', () => {
  beforeEach(() => {
    put(AUTH_LOG, '');
    put(`${AUTH_LOG}.0.bz2`, '');
    put(NEWSYSLOG, LINES);
  });

  it('makes rc(8) start a daemon that follows the log', async () => {
    const plan = planSetup(await facts('freebsd'), ANSWERS, NOTHING);
    expect(await doIt('freebsd', plan)).toEqual([
      'mcblock allow 198.51.100.0/24 --note from mcblock setup --no-apply',
      `mcblock grok --dry-run ${AUTH_LOG} ${root}${AUTH_LOG}.0.bz2`,
      `mcblock --quiet grok --no-apply ${AUTH_LOG} ${root}${AUTH_LOG}.0.bz2`,
      'mcblock apply',
      'mcblock emit --output /etc/pf.blocked',
      '/usr/sbin/sysrc mcblock_watch_enable=YES',
      '/usr/sbin/sysrc -x mcblock_watch_logs',
      '/usr/sbin/service mcblock_watch restart',
    ]);
    expect(read('/usr/local/etc/mcblock.toml')).toContain(
      `[firewall]\nkind = "pf"\nfile = "/etc/pf.blocked"\n\n[[log]]\nfile = "${AUTH_LOG}"\n`,
    );
    expect(statSync(join(root, '/usr/local/etc/rc.d/mcblock_watch')).mode & 0o777).toBe(0o555);
    expect(existsSync(join(root, '/var/db/mcblock/mcblock.db'))).toBe(true);
  });

  it('leaves pf.conf alone, and says which line to add', async () => {
    const plan = planSetup(await facts('freebsd'), ANSWERS, NOTHING);
    await doIt('freebsd', plan);
    expect(read('/etc/pf.conf')).toBe('pass\n');
    expect(plan.toDo).toEqual([
      { text: expect.stringContaining('/etc/pf.conf'), lines: ['include "/etc/pf.mcblock.conf"'] },
    ]);
    expect(read('/etc/pf.mcblock.conf')).toContain('block drop in quick from <mcblock>\n');
    put('/etc/pf.conf', 'include "/etc/pf.mcblock.conf"\npass\n');
    expect(planSetup(await facts('freebsd'), ANSWERS, NOTHING).toDo).toEqual([]);
  });

  it('writes no rules if pf.conf defines the table', async () => {
    put('/etc/pf.conf', 'table <mcblock> persist\nblock in quick from <mcblock>\n');
    const plan = planSetup(await facts('freebsd'), ANSWERS, NOTHING);
    expect(plan.toDo).toEqual([]);
    await doIt('freebsd', plan);
    expect(existsSync(join(root, '/etc/pf.mcblock.conf'))).toBe(false);
  });

  it('makes newsyslog(8) run the hook, and removes it again', async () => {
    const rotated = { ...ANSWERS, isAtRotation: true };
    await doIt('freebsd', planSetup(await facts('freebsd'), rotated, NOTHING));
    expect(read(NEWSYSLOG).split('\n')[2]).toBe(
      `${AUTH_LOG}                       600  7     1000 @0101T  JCR  /usr/local/libexec/mcblock-rotated`,
    );
    expect(read(NEWSYSLOG).split('\n')[1]).toBe(LINES.split('\n')[1]);
    expect(read(`${NEWSYSLOG}.save`)).toBe(LINES);
    const again = planSetup(await facts('freebsd'), rotated, ALL);
    expect(again.steps.filter(({ kind }) => kind === 'edit')).toEqual([]);
    const removed = await doIt('freebsd', planRemoval(await facts('freebsd'), 'mcblock'));
    expect(removed).toContain('/bin/rm -f /etc/pf.blocked');
    expect(read(NEWSYSLOG).replaceAll(/ +/g, ' ')).toBe(LINES.replaceAll(/ +/g, ' '));
    expect(existsSync(join(root, '/usr/local/libexec/mcblock-rotated'))).toBe(false);
  });

  it('switches from the hook to the daemon and back', async () => {
    const rotated = { ...ANSWERS, isAtRotation: true };
    await doIt('freebsd', planSetup(await facts('freebsd'), rotated, NOTHING));
    await doIt('freebsd', planSetup(await facts('freebsd'), ANSWERS, ALL));
    expect(read(NEWSYSLOG)).not.toContain('mcblock');
    expect(existsSync(join(root, '/usr/local/libexec/mcblock-rotated'))).toBe(false);
    const ran = await doIt('freebsd', planSetup(await facts('freebsd'), rotated, ALL));
    expect(ran.slice(-3)).toEqual([
      '/usr/sbin/service mcblock_watch onestop',
      '/usr/sbin/sysrc -x mcblock_watch_enable',
      '/usr/sbin/sysrc -x mcblock_watch_logs',
    ]);
    expect(existsSync(join(root, '/usr/local/etc/rc.d/mcblock_watch'))).toBe(false);
    expect(read(NEWSYSLOG)).toContain('JCR  /usr/local/libexec/mcblock-rotated');
  });

  it('makes newsyslog(8) run the hook for each log, wherever it archives them', async () => {
    put('/var/log/maillog', '');
    put('/var/old/maillog.0', '');
    put('/etc/crontab', '0 * * * * root newsyslog -a /var/old\n');
    put(NEWSYSLOG, `${LINES}/var/log/maillog 640 7 * @T00 JC\n`);
    const logs = [AUTH_LOG, '/var/log/maillog'];
    await doIt(
      'freebsd',
      planSetup(await facts('freebsd'), { ...ANSWERS, logs, isAtRotation: true }, NOTHING),
    );
    expect(read(NEWSYSLOG).match(/JCR {2}\/usr\/local\/libexec\/mcblock-rotated$/gm)).toHaveLength(
      2,
    );
    expect(read('/usr/local/etc/mcblock.toml')).toContain('[[log]]\nfile = "/var/log/maillog"\n');
    const other = { ...ANSWERS, logs: ['/var/log/other.log'], isAtRotation: true };
    const found = await facts('freebsd');
    expect(() => planSetup(found, other, NOTHING)).toThrow(/no line for \/var\/log\/other\.log/);
  });

  it('keeps rules that pf.conf still includes when undone', async () => {
    await doIt('freebsd', planSetup(await facts('freebsd'), ANSWERS, NOTHING));
    put('/etc/pf.conf', 'include "/etc/pf.mcblock.conf"\npass\n');
    const plan = planRemoval(await facts('freebsd'), 'mcblock');
    expect(await doIt('freebsd', plan)).toEqual([
      '/usr/sbin/service mcblock_watch onestop',
      '/usr/sbin/sysrc -x mcblock_watch_enable',
      '/usr/sbin/sysrc -x mcblock_watch_logs',
      '/sbin/pfctl -t mcblock -T kill',
    ]);
    expect(existsSync(join(root, '/etc/pf.mcblock.conf'))).toBe(true);
    expect(existsSync(join(root, '/usr/local/etc/mcblock.toml'))).toBe(false);
    expect(plan.toDo[0]?.text).toContain('from /etc/pf.conf');
  });

  it('starts the daemon that exchanges bans with a fleet, and stops it when undone', async () => {
    const plan = planSetup(await facts('freebsd'), ANSWERS, { ...ALL, fleetService: 'sync' });
    expect((await doIt('freebsd', plan)).slice(-2)).toEqual([
      '/usr/sbin/sysrc mcblock_sync_enable=YES',
      '/usr/sbin/service mcblock_sync restart',
    ]);
    expect(read('/usr/local/etc/rc.d/mcblock_sync')).toContain('sync --every');
    const ran = await doIt('freebsd', planRemoval(await facts('freebsd'), 'mcblock'));
    expect(ran).toContain('/usr/sbin/service mcblock_sync onestop');
    expect(ran).toContain('/usr/sbin/sysrc -x mcblock_sync_enable');
  });

  it('leaves listen, which needs a user and a helper, to the owner', async () => {
    const fleet = { ...ALL, fleetService: 'listen' as const };
    const { toDo } = planSetup(await facts('freebsd'), ANSWERS, fleet);
    expect(toDo.flatMap(({ lines }) => lines)).toContain('service mcblock_listen start');
  });

  it('says how to listen on the ports of [probe]', async () => {
    const { toDo } = planSetup(await facts('freebsd'), ANSWERS, { ...ALL, hasProbe: true });
    expect(toDo.flatMap(({ lines }) => lines)).toContain('service mcblock_probe start');
  });

  it('adds [firewall] and [[log]] to a configuration of the owner, and keeps a copy', async () => {
    put('/usr/local/etc/mcblock.toml', 'timezone = "UTC"', 0o600);
    await doIt('freebsd', planSetup(await facts('freebsd'), ANSWERS, NOTHING));
    expect(read('/usr/local/etc/mcblock.toml')).toBe(
      `timezone = "UTC"\n\n[firewall]\nkind = "pf"\nfile = "/etc/pf.blocked"\n\n[[log]]\nfile = "${AUTH_LOG}"\n`,
    );
    const copy = join(root, '/usr/local/etc/mcblock.toml.save');
    expect(readFileSync(copy, 'utf8')).toBe('timezone = "UTC"');
    expect(statSync(copy).mode & 0o777).toBe(0o600);
  });
});

describe('setup on OpenBSD', () => {
  beforeEach(() => put('/var/log/authlog', ''));
  const answers = { ...ANSWERS, logs: ['/var/log/authlog'] };

  it('makes rc(8) start a daemon that follows the log', async () => {
    const plan = planSetup(await facts('openbsd'), answers, NOTHING);
    const done = await doIt('openbsd', plan);
    expect(done.slice(-3)).toEqual([
      '/usr/sbin/rcctl enable mcblock_watch',
      '/usr/sbin/rcctl set mcblock_watch flags',
      '/usr/sbin/rcctl restart mcblock_watch',
    ]);
    expect(read('/etc/mcblock.toml')).toContain('kind = "pf"');
  });

  it.each([
    ['', ''],
    [' of an earlier version', '  "/usr/local/libexec/mcblock-rotated /var/log/authlog"'],
  ])('makes newsyslog(8) run the hook in place of none%s', async (_, former) => {
    put(NEWSYSLOG, `/var/log/authlog\t\troot:wheel\t640  7     *    168   Z${former}\n`);
    await doIt(
      'openbsd',
      planSetup(await facts('openbsd'), { ...answers, isAtRotation: true }, NOTHING),
    );
    expect(read(NEWSYSLOG)).toBe(
      '/var/log/authlog\t\troot:wheel\t640  7     *    168  Z  "/usr/local/libexec/mcblock-rotated"\n',
    );
  });
});

describe('setup', () => {
  beforeEach(() => put(AUTH_LOG, ''));

  it('starts what listens on the ports of [probe]', async () => {
    put('/usr/sbin/nft', '', 0o755);
    mkdirSync(join(root, '/run/systemd/system'), { recursive: true });
    const { steps } = planSetup(await facts('linux'), ANSWERS, { ...ALL, hasProbe: true });
    const enable = steps.find((step) => step.kind === 'run' && step.args.includes('enable'));
    expect(enable).toMatchObject({ args: expect.arrayContaining(['mcblock-probe.service']) });
  });

  it('uses the units of a package', async () => {
    for (const path of ['/usr/sbin/nft', '/usr/bin/chown', '/usr/bin/systemctl']) {
      put(path, `#!/bin/sh\necho "${path} $*" >> ${root}/ran\n`, 0o755);
    }
    mkdirSync(join(root, '/run/systemd/system'), { recursive: true });
    put(
      '/usr/lib/systemd/system/mcblock-watch.service',
      '[Service]\nExecStart=/usr/bin/mcblock watch\n',
    );
    put('/etc/passwd', '_mcblock:x:999:999::/var/lib/mcblock:/usr/sbin/nologin\n');
    const logs = [AUTH_LOG, '/var/log/mail.log'];
    const former = '/etc/systemd/system/mcblock-watch.service.d/log.conf';
    put(former, withDigest('[Service]\nExecStart=\nExecStart=mcblock watch /var/log/auth.log\n'));
    const plan = planSetup(await facts('linux'), { ...ANSWERS, logs }, NOTHING);
    expect((await doIt('linux', plan)).slice(-4)).toEqual([
      '/usr/bin/chown -R _mcblock: /var/lib/mcblock',
      '/usr/bin/systemctl daemon-reload',
      '/usr/bin/systemctl enable mcblock-apply.service mcblock-feeds.timer mcblock-watch.service',
      '/usr/bin/systemctl restart mcblock-feeds.timer mcblock-watch.service',
    ]);
    expect(existsSync(join(root, '/etc/systemd/system/mcblock-watch.service'))).toBe(false);
    expect(existsSync(join(root, former))).toBe(false);
    expect(read('/etc/mcblock.toml')).toContain(
      `[[log]]
file = "${AUTH_LOG}"

[[log]]
file = "/var/log/mail.log"
`,
    );
  });

  it.each(['listen', 'sync'] as const)(
    'starts what exchanges bans with a fleet, as a user who can read its secrets: %s',
    async (fleetService) => {
      for (const path of ['/usr/sbin/nft', '/usr/bin/chown', '/usr/bin/systemctl']) {
        put(path, `#!/bin/sh\necho "${path} $*" >> ${root}/ran\n`, 0o755);
      }
      put('/etc/passwd', '_mcblock:x:999:999::/var/lib/mcblock:/usr/sbin/nologin\n');
      mkdirSync(join(root, '/run/systemd/system'), { recursive: true });
      const fleet = { ...ALL, fleetService, secrets: ['/etc/mcblock/password'] };
      const unit = `mcblock-${fleetService}.service`;
      expect(
        (await doIt('linux', planSetup(await facts('linux'), ANSWERS, fleet))).slice(-4),
      ).toEqual([
        '/usr/bin/chown _mcblock /etc/mcblock/password',
        '/usr/bin/systemctl daemon-reload',
        `/usr/bin/systemctl enable mcblock-apply.service mcblock-feeds.timer mcblock-watch.service ${unit}`,
        `/usr/bin/systemctl restart mcblock-feeds.timer mcblock-watch.service ${unit}`,
      ]);
      expect(read(`/etc/systemd/system/${unit}`)).toContain(`mcblock.db ${fleetService}`);
      await doIt('linux', planRemoval(await facts('linux'), 'mcblock'));
      expect(read('ran')).toContain(
        `systemctl disable --now ${unit} mcblock-watch.service mcblock-feeds.timer mcblock-apply.service\n`,
      );
      expect(readdirSync(join(root, '/etc/systemd/system'))).toEqual([]);
    },
  );

  it('starts the timer of notifications where they are configured', async () => {
    for (const path of ['/usr/sbin/nft', '/usr/bin/chown', '/usr/bin/systemctl']) {
      put(path, `#!/bin/sh\necho "${path} $*" >> ${root}/ran\n`, 0o755);
    }
    put('/etc/passwd', '_mcblock:x:999:999::/var/lib/mcblock:/usr/sbin/nologin\n');
    mkdirSync(join(root, '/run/systemd/system'), { recursive: true });
    const notifying = { ...ALL, hasNotify: true, secrets: ['/etc/mcblock.token'] };
    const plan = planSetup(await facts('linux'), ANSWERS, notifying);
    expect((await doIt('linux', plan)).slice(-4)).toEqual([
      '/usr/bin/chown _mcblock /etc/mcblock.token',
      '/usr/bin/systemctl daemon-reload',
      '/usr/bin/systemctl enable mcblock-apply.service mcblock-feeds.timer mcblock-notify.timer mcblock-watch.service',
      '/usr/bin/systemctl restart mcblock-feeds.timer mcblock-notify.timer mcblock-watch.service',
    ]);
    expect(read('/etc/systemd/system/mcblock-notify.service')).toContain('--quiet notify');
    await doIt('linux', planRemoval(await facts('linux'), 'mcblock'));
    expect(read('ran')).toContain('mcblock-watch.service mcblock-notify.timer mcblock-feeds.timer');
    expect(readdirSync(join(root, '/etc/systemd/system'))).toEqual([]);
    const bsd = planSetup(await facts('openbsd'), ANSWERS, notifying);
    expect(bsd.toDo.at(-1)?.lines).toEqual(['* * * * *  /usr/local/bin/mcblock --quiet notify']);
  });

  it.each(['auth.log', '/var/log/auth log', '/var/log/%h.log', '/var/log/a\nUser=root'])(
    'refuses %j for a log',
    async (log) => {
      const found = await facts('freebsd');
      expect(() => planSetup(found, { ...ANSWERS, logs: [log] }, NOTHING)).toThrow(/absolute path/);
    },
  );

  it('says what is left to do on Linux without systemd', async () => {
    put('/usr/sbin/nft', '', 0o755);
    const plan = planSetup(await facts('linux'), ANSWERS, NOTHING);
    expect(plan.toDo.flatMap(({ lines }) => lines)).toEqual([
      '/usr/local/bin/mcblock apply',
      '/usr/local/bin/mcblock watch',
    ]);
  });

  it.each<[string, RegExp, () => void]>([
    ['nft', /install nftables/, () => {}],
    ['mcblock', /mcblock: not found/, () => rmSync(join(root, '/usr/local/bin/mcblock'))],
  ])('does nothing without %s', async (name, message, breakIt) => {
    if (name !== 'nft') put('/usr/sbin/nft', '', 0o755);
    breakIt();
    const found = await facts('linux');
    expect(() => planSetup(found, ANSWERS, NOTHING)).toThrow(message);
  });

  it('writes nothing if a file was changed by hand', async () => {
    put('/usr/local/etc/rc.d/mcblock_watch', '#!/bin/sh\n');
    put('/etc/pf.mcblock.conf', 'mine\n');
    const { steps } = planSetup(await facts('freebsd'), ANSWERS, NOTHING);
    const host = new Host('freebsd', root);
    expect(() => prepareSteps(host, steps, false)).toThrow(
      /pf\.mcblock\.conf: not written by setup/,
    );
    await doIt('freebsd', { steps, toDo: [] }, true);
    expect(read('/etc/pf.mcblock.conf.save')).toBe('mine\n');
    // The script is taken for that of the port.
    expect(read('/usr/local/etc/rc.d/mcblock_watch')).toBe('#!/bin/sh\n');
  });

  it('finds the address from which the user of sudo(8) came', async () => {
    const who =
      'ann pts/0 2026-01-01 00:00 (198.51.100.7)\nbob pts/1 2026-01-01 00:00 (203.0.113.9)\n';
    put('/usr/bin/who', `#!/bin/sh\nprintf '${who.replaceAll('\n', String.raw`\n`)}'\n`, 0o755);
    const { sessions } = await facts('freebsd', 'ann');
    expect(sessions).toEqual([expect.objectContaining({ family: 4 })]);
    expect((await facts('freebsd')).sessions).toEqual([]);
  });
});
