// What rules cost when a log is read: by turns without rules and with twenty.
//
//   node bench/rules.mjs [FILE] [--turns 7] [--spray USERS]
// FILE is a log; by default one of a million lines is made. With --spray it is of one address that tries
// so many users, one each second, of which an hour counts and none is enough to block it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { turns: { type: 'string', default: '7' }, spray: { type: 'string' } },
});
const folder = mkdtempSync(join(tmpdir(), 'mcblock-bench-'));

/** Conditions of all kinds; the last ones fit many lines. */
const CONDITIONS = [
  'services = ["postfix"]',
  'messages = ["sshd.failed-login"]\nhosts = ["other*"]',
  'prefixes = ["192.0.2.0/24", "2001:db8::/32"]',
  'users = ["adm*", "test"]',
  'users = "known"',
  'hours = "22:00-06:00"\nusers = ["root"]',
  'activations = 5',
  'hits = 100000',
  'distinct-users = 50',
  'distinct-services = 3',
];

const SPRAY_POLICY = '[offence]\npoints = 1000000\nwindow = "1h"\n\n';

/** The lines of a spray, which ended a while ago. */
function spray(users) {
  const start = Math.floor(Date.now() / 1000) - users - 3600;
  return Array.from({ length: users }, (_, user) => {
    const time = new Date((start + user) * 1000).toISOString().replace('.000', '');
    const text = `Failed password for invalid user u${user} from 203.0.113.9 port 40312 ssh2`;
    return `${time} gw sshd[${100 + user}]: ${text}\n`;
  }).join('');
}

try {
  const log = positionals[0] ?? join(folder, 'auth.log');
  if (values.spray !== undefined) writeFileSync(log, spray(Number(values.spray)));
  else if (positionals[0] === undefined) {
    const made = ['bench/generate-log.mjs', '--lines', '1000000', '--days', '365'];
    writeFileSync(log, execFileSync(process.execPath, made, { maxBuffer: 2 ** 30 }));
  }
  const configs = { 'no rules': [], '20 rules': CONDITIONS.flatMap((text) => [text, text]) };
  const files = Object.entries(configs).map(([name, conditions], index) => {
    const file = join(folder, `${index}.toml`);
    const rules = conditions.map((text, number) => {
      const effect = number % 2 === 0 ? 'points = "x1.1"' : 'penalty = "31d"';
      return `[[rule]]\nname = "rule ${number}"\n${text}\n${effect}\n`;
    });
    const policy = values.spray === undefined ? '' : SPRAY_POLICY;
    writeFileSync(file, policy + rules.join('\n'));
    return { name, file, seconds: [] };
  });
  for (let turn = 0; turn <= Number(values.turns); turn++) {
    for (const { file, seconds } of files) {
      const db = join(folder, `${turn}.db`);
      const args = [
        'bin/mcblock.js',
        '--config',
        file,
        '--db',
        db,
        '--yes',
        '--quiet',
        'grok',
        log,
      ];
      const start = performance.now();
      execFileSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
      // The first turn only warms the cache of files.
      if (turn > 0) seconds.push((performance.now() - start) / 1000);
      for (const end of ['', '-wal', '-shm']) rmSync(`${db}${end}`, { force: true });
    }
  }
  const [plain, ruled] = files.map(({ name, seconds }) => {
    const median = seconds.toSorted((p, q) => p - q)[Math.floor(seconds.length / 2)];
    console.log(`${name}: median ${median.toFixed(2)} s of ${seconds.length}`);
    return median;
  });
  console.log(`ratio ${(ruled / plain).toFixed(3)}`);
} finally {
  rmSync(folder, { recursive: true });
}
