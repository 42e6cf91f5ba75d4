import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { signal } from '../../src/process/program.ts';
import { Namespace, NO_NAMESPACES } from '../firewall/namespace.ts';
import { CommandLine } from '../support/command-line.ts';
import { until } from '../support/until.ts';

const MISSING = ['bird', 'bgpd', 'exabgp'].filter((name) => !existsSync(`/usr/sbin/${name}`));
const WHY_NOT =
  NO_NAMESPACES ??
  (MISSING.length > 0
    ? `needs ${MISSING.join(', ')} (Debian packages bird2, openbgpd, exabgp)`
    : undefined);
const WHY = WHY_NOT ? `: ${WHY_NOT}` : '';
const LARGE = '4200000000:1:666';

/** What each of them is given besides the file that emit writes. */
const DAEMONS = [
  {
    format: 'bird',
    host: 2,
    config: (file: string) => `
router id 192.0.2.2;
protocol device {}
include "${file}";
template bgp peers { multihop; connect delay time 1; connect retry time 1; }
protocol bgp peer4 from peers {
  local 127.0.0.2 port 1179 as 64500; neighbor 127.0.0.1 as 64500;
  ipv4 { import none; export where proto = "mcblock4"; };
}
protocol bgp peer6 from peers {
  local 2001:db8:ff::2 port 1179 as 64500; neighbor 2001:db8:ff::1 as 64500;
  ipv6 { import none; export where proto = "mcblock6"; };
}
`,
    check: (file: string) => ['bird', '-p', '-c', file],
    run: (file: string) => ['bird', '-f', '-c', file, '-s', `${file}.socket`],
  },
  {
    format: 'openbgpd',
    host: 3,
    config: (file: string) => `
AS 64500
router-id 192.0.2.3
fib-update no
listen on 127.0.0.3 port 1180
include "${file}"
allow to any
neighbor 127.0.0.1 {
	remote-as 64500
	local-address 127.0.0.3
}
neighbor 2001:db8:ff::1 {
	remote-as 64500
	local-address 2001:db8:ff::3
	announce IPv4 none
	announce IPv6 unicast
}
`,
    check: (file: string) => ['bgpd', '-n', '-f', file],
    run: (file: string) => ['bgpd', '-d', '-f', file],
  },
  {
    format: 'exabgp',
    host: 4,
    // It has no include.
    config: (file: string) =>
      readFileSync(file, 'utf8') +
      [
        ['127.0.0.1', '127.0.0.4', '4'],
        ['2001:db8:ff::1', '2001:db8:ff::4', '6'],
      ]
        .map(
          ([peer, local, family]) => `neighbor ${peer} {
  inherit mcblock${family};
  router-id 192.0.2.4;
  local-address ${local};
  local-as 64500;
  peer-as 64500;
  family { ipv${family} unicast; }
}
`,
        )
        .join(''),
    check: (file: string) => ['exabgp', '--validate', file],
    run: (file: string) => [
      'env',
      'exabgp.daemon.user=root',
      'exabgp.api.cli=false',
      'exabgp',
      file,
    ],
  },
] as const;

/** A router that has a session with each of them over IPv4, and one over IPv6. */
const ROUTER = `
router id 192.0.2.1;
protocol device {}
template bgp peers { multihop; passive; }
${DAEMONS.map(
  ({ format, host }) => `
protocol bgp ${format}4 from peers {
  local 127.0.0.1 as 64500; neighbor 127.0.0.${host} as 64500;
  ipv4 { import all; export none; };
}
protocol bgp ${format}6 from peers {
  local 2001:db8:ff::1 as 64500; neighbor 2001:db8:ff::${host} as 64500;
  ipv6 { import all; export none; };
}`,
).join('')}
`;

/** Runs a program with an empty /run of its own, where bgpd has its socket. */
const OWN_RUN =
  'mount -t tmpfs -o mode=0755 none /run && mkdir /run/openbgpd /run/exabgp && exec "$@"';

describe.skipIf(WHY_NOT)(`routers${WHY}`, () => {
  let namespace: Namespace;
  let line: CommandLine;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    namespace = new Namespace();
    for (const address of [1, 2, 3, 4].map((host) => `2001:db8:ff::${host}/128`)) {
      namespace.ip(`address add ${address} dev lo`);
    }
    line = new CommandLine();
    chmodSync(line.folder, 0o755);
    writeFileSync(line.path('router.conf'), ROUTER);
    start('bird', '-f', '-c', line.path('router.conf'), '-s', line.path('router.socket'));
    await until(() => existsSync(line.path('router.socket')));
  });
  afterAll(() => {
    for (const child of children) signal(child, 'SIGKILL');
    namespace.remove();
    line.remove();
  });

  const start = (...command: string[]) => {
    const [ip, ...args] = namespace.argv(
      'unshare',
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-c',
      OWN_RUN,
      'sh',
      ...command,
    );
    const log = openSync(line.path('log'), 'a');
    children.push(spawn(ip, args, { stdio: ['ignore', log, log] }));
    closeSync(log);
  };
  const routes = (protocol: string): string =>
    namespace.run(
      'birdc',
      '-s',
      line.path('router.socket'),
      'show',
      'route',
      'protocol',
      protocol,
      'all',
    );

  describe.each(DAEMONS)('with $format', ({ format, config, check, run }) => {
    const included = () => line.path(`${format}.routes`);
    const file = () => line.path(`${format}.conf`);
    const emit = async (...options: string[]) => {
      const { exitCode } = await line.run(
        'emit',
        '--format',
        format,
        '--output',
        included(),
        ...options,
      );
      expect(exitCode).toBe(0);
      writeFileSync(file(), config(included()), { mode: 0o600 });
    };
    const checked = () => {
      const [program = '', ...args] = check(file());
      return spawnSync(program, args, { encoding: 'utf8' });
    };
    beforeEach(() => line.run('add', '5.149.104/22', '9.9.9.9', '2001:67c::/32', '2a00::7'));

    it('are given routes with the BLACKHOLE and NO_EXPORT communities', async () => {
      await emit();
      start(...run(file()));
      await until(
        () => /2a00::7/.test(routes(`${format}6`)) && /9\.9\.9\.9/.test(routes(`${format}4`)),
        { seconds: 60, instead: () => readFileSync(line.path('log'), 'utf8') },
      );
      for (const [protocol, wanted] of [
        [`${format}4`, ['5.149.104.0/22', '9.9.9.9/32']],
        [`${format}6`, ['2001:67c::/32', '2a00::7/128']],
      ] as const) {
        const shown = routes(protocol);
        const prefixes = Array.from(shown.matchAll(/^(\S+\/\d+)/gm), ([, prefix]) => prefix);
        expect(new Set(prefixes)).toEqual(new Set(wanted));
        expect(Array.from(shown.matchAll(/BGP\.community: (.*)/g), ([, set]) => set)).toEqual([
          '(65535,666) (65535,65281)',
          '(65535,666) (65535,65281)',
        ]);
      }
    });

    it('are given communities of one’s own', async () => {
      await emit('--community', '64500:666', LARGE);
      const { status, stdout, stderr } = checked();
      expect(`${stdout}${stderr}`).not.toMatch(/error|fail/i);
      expect(status).toBe(0);
      expect(readFileSync(included(), 'utf8')).toMatch(/64500[:,]666[^]*4200000000[:,]1[:,]666/);
    });

    it('read a file without routes, and one whose table has another name', async () => {
      line.config = line.path('mcblock.toml');
      writeFileSync(
        line.config,
        `[firewall]\nkind = "file"\nfile = "${line.path('table')}"\ntable = "drop-1"\n`,
      );
      line.now = '2027-01-01T00:00:00Z';
      await emit();
      expect(readFileSync(included(), 'utf8')).toMatch(/drop-1/);
      // The neighbours name the usual one.
      if (format !== 'exabgp') expect(checked().status).toBe(0);
      line.config = undefined;
      await emit();
      expect(checked().status).toBe(0);
      line.now = '2026-01-01T00:00:00Z';
    });
  });
});
