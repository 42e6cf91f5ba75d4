import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ForeignBan } from '../../../src/engine/import/foreign-ban.ts';
import { LocalTimes } from '../../../src/engine/import/local-times.ts';
import { type ForeignProgram, READERS } from '../../../src/engine/import/readers.ts';
import { McblockError } from '../../../src/errors.ts';

const FIXTURES = join(import.meta.dirname, '../../../fixtures/import');
const NOW = time('2026-11-30T12:00:00Z');

function time(text: string): number {
  return Date.parse(text) / 1000;
}

function fixture(name: string): Buffer {
  return readFileSync(join(FIXTURES, name));
}

/** The bans as JSON has them: without the fields that are undefined. */
function bansOf(program: ForeignProgram, content: Buffer | string, zone = 'UTC'): ForeignBan[] {
  const bytes = Buffer.from(content);
  const file = { name: 'FILE', lines: () => linesOf(bytes), whole: () => bytes };
  const bans = READERS[program]({ file, now: NOW, times: new LocalTimes(zone) });
  return JSON.parse(JSON.stringify([...bans])) as ForeignBan[];
}

function* linesOf(bytes: Buffer): Generator<string> {
  yield* bytes.toString('utf8').split('\n');
}

/** What is left of a database after these statements. */
function database(sql: string): Buffer {
  const made = new Database(':memory:');
  made.exec(sql);
  const content = made.serialize();
  made.close();
  return content;
}

describe('fail2ban', () => {
  const at = 1_795_999_191;

  it('has a database with past and present bans', () => {
    const bans = bansOf('fail2ban', fixture('fail2ban.sqlite3'));
    expect(bans).toContainEqual({
      number: expect.any(Number),
      text: '203.0.113.50',
      since: at - 1,
      until: at - 1 + 3600,
      reason: 'sshd',
    });
    expect(bans.filter(({ text }) => text === '203.0.113.8')).toMatchObject([
      { since: at + 1, until: at + 3, reason: 'sshd' },
      { since: at + 6, until: at + 10, reason: 'sshd, ban 2' },
      { since: at + 12, until: at + 20, reason: 'sshd, ban 3' },
    ]);
    expect(bans.find(({ text }) => text === '192.0.2.33')).toMatchObject({
      until: 'forever',
      reason: 'nginx-http-auth',
    });
    expect(bans).toHaveLength(9);
  });

  it('has a database without lengths of bans before version 0.11', () => {
    const content = database(`
      CREATE TABLE bans (jail TEXT NOT NULL, ip TEXT, timeofban INTEGER NOT NULL, data JSON);
      INSERT INTO bans VALUES ('sshd', '203.0.113.7', 1700000000, '{}')`);
    expect(bansOf('fail2ban', content)).toEqual([
      { number: 1, text: '203.0.113.7', since: 1_700_000_000, reason: 'sshd' },
    ]);
  });

  it('prints the present bans', () => {
    expect(bansOf('fail2ban', fixture('fail2ban-banned.txt'))).toEqual([
      { number: 1, text: '198.51.100.0/24', reason: 'sshd' },
      { number: 2, text: '2001:db8::7', reason: 'sshd' },
      { number: 3, text: '203.0.113.50', reason: 'sshd' },
      { number: 4, text: '203.0.113.7', reason: 'sshd' },
      { number: 5, text: '192.0.2.33', reason: 'nginx-http-auth' },
    ]);
    expect(bansOf('fail2ban', "[{'sshd': []}]\n")).toEqual([]);
  });

  it.each([
    ['another database', database('CREATE TABLE x (y)'), /not a database of fail2ban/],
    [
      'a view that never ends',
      database(`CREATE VIEW bans AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
        SELECT '1.2.3.4' AS ip, 'a' AS jail, i AS timeofban FROM n`),
      /not a database of fail2ban/,
    ],
    [
      'a computed column',
      database(`CREATE TABLE bans (jail TEXT, timeofban INT,
        ip AS (hex(zeroblob(1000)))); INSERT INTO bans VALUES ('a', 1)`),
      /not a database of fail2ban/,
    ],
    ['a cut database', fixture('fail2ban.sqlite3').subarray(0, 20_000), /damaged/],
    ['a damaged database', fixture('fail2ban.sqlite3').fill(0xff, 4096, 40_000), /damaged/],
    ['a text', 'hello', /neither a database/],
  ])('refuses %s', (_, content, message) => {
    expect(() => bansOf('fail2ban', content)).toThrow(message);
  });
});

describe('sshguard', () => {
  it('has a blacklist of permanent bans', () => {
    const since = 1_795_999_251;
    expect(bansOf('sshguard', fixture('sshguard.db'))).toEqual([
      { number: 1, text: '203.0.113.60', since, until: 'forever', reason: 'ssh' },
      { number: 2, text: '2001:db8::60', since, until: 'forever', reason: 'ssh' },
      { number: 3, text: '203.0.113.61', since, until: 'forever', reason: 'dovecot' },
    ]);
  });

  it('leaves out lines of other forms', () => {
    const faults = bansOf('sshguard', '# list\n\nx\n1|100|4\n1|999|4|192.0.2.7\n');
    expect(faults).toMatchObject([
      { number: 3, fault: 'not a line of a blacklist' },
      { number: 4, fault: 'not a line of a blacklist' },
      { number: 5, text: '192.0.2.7', reason: 'service 999' },
    ]);
  });
});

describe('DenyHosts', () => {
  it('notes times in hosts.deny, which may have other patterns too', () => {
    const bans = bansOf('denyhosts', fixture('hosts.deny'));
    expect(bans.map(({ text }) => text)).toEqual([
      '203.0.113.7',
      '203.0.113.8',
      '192.0.2.33',
      '2001:db8::/32',
      '198.51.100.0/24',
      '192.0.2.128/25',
      '.example.com',
      '192.0.2.9',
      '2001:db8:1::7',
      'ALL: 192.0.2. EXCEPT 192.0.2.5',
      'sshd: 192.0.2.10: ALLOW',
    ]);
    expect(bans[0]).toEqual({
      number: 4,
      text: '203.0.113.7',
      since: time('2026-11-26T18:55:18Z'),
      reason: 'sshd',
    });
    expect(bans.filter(({ fault }) => fault !== undefined)).toHaveLength(2);
  });

  it('counts failures in files of its own', () => {
    expect(bansOf('denyhosts', fixture('denyhosts-hosts'), 'Europe/Berlin')).toEqual([
      {
        number: 1,
        text: '203.0.113.7',
        since: time('2026-11-26T17:55:18Z'),
        reason: '5 failures',
      },
      expect.objectContaining({ number: 2, fault: '203.0.113.9 has no failures' }),
      expect.objectContaining({ text: '2001:db8::7', reason: '12 failures' }),
    ]);
  });
});

describe('CrowdSec', () => {
  const faults = [
    'a decision on a Country, not on an address',
    'a decision on a username, not on an address',
    '203.0.113.71 is a captcha, not a ban',
    undefined,
    undefined,
    undefined,
  ];

  it('lists decisions as JSON', () => {
    const bans = bansOf('crowdsec', fixture('crowdsec.json'));
    expect(bans.map(({ fault }) => fault)).toEqual(faults);
    expect(bans.slice(4)).toEqual([
      {
        number: 5,
        text: '198.51.100.0/24',
        since: time('2026-11-30T00:41:09Z'),
        until: NOW + 719 * 3600 + 59 * 60 + 57,
        reason: 'spam, "mail" (cscli)',
      },
      expect.objectContaining({ text: '203.0.113.70', reason: 'crowdsecurity/ssh-bf (cscli)' }),
    ]);
    expect(bansOf('crowdsec', 'null')).toEqual([]);
  });

  it('lists decisions as CSV', () => {
    const bans = bansOf('crowdsec', fixture('crowdsec.csv'));
    expect(bans.map(({ fault }) => fault)).toEqual(faults);
    expect(bans[4]).toEqual({
      number: 6,
      text: '198.51.100.0/24',
      until: NOW + 719 * 3600 + 59 * 60 + 57,
      reason: 'spam, "mail" (cscli)',
    });
  });

  it('has decisions that are expired, simulated or without an end', () => {
    const one = { scope: 'ip', value: '192.0.2.7', type: 'ban', origin: 'CAPI', scenario: 'x' };
    const bans = bansOf(
      'crowdsec',
      JSON.stringify([
        { ...one, duration: '-1m30.5s' },
        { ...one, duration: '1h', simulated: true },
        { ...one, duration: 'soon' },
      ]),
    );
    expect(bans).toMatchObject([
      { until: NOW - 90 },
      { fault: '192.0.2.7 is a simulated decision' },
      { fault: 'bad duration "soon"' },
    ]);
  });

  it.each(['{}', '[1]', '[{"x"', 'id,name\n1,2\n'])('refuses %s', (text) => {
    expect(() => bansOf('crowdsec', text)).toThrow(McblockError);
  });
});

describe('acacia', () => {
  it.each(['+00', '+02', '-0330', '+05:30'])('has times with the zone %s in a table', (zone) => {
    const [ban] = bansOf('acacia', `ip,updated_at\n9.9.9.9,2026-03-24 10:00:00.12${zone}\n`);
    const whole = /:/.test(zone) ? zone : `${zone}00`.replace(/^(...)(..).*/, '$1:$2');
    expect(ban?.since).toBe(Date.parse(`2026-03-24T10:00:00${whole}`) / 1000);
  });

  it('answers with a list', () => {
    const list = bansOf('acacia', fixture('acacia.json'));
    expect(list).toHaveLength(7);
    expect(list[0]).toEqual({ number: 1, text: '198.51.100.0/26' });
    expect(bansOf('acacia', '{"IP": [["192.0.2.7/32"]], "count": 1}')).toEqual([
      { number: 1, text: '192.0.2.7/32' },
    ]);
    expect(bansOf('acacia', '[{"IP": "192.0.2.7", "source": "web1/brutessh"}]')).toEqual([
      { number: 1, text: '192.0.2.7', reason: 'web1/brutessh' },
    ]);
    expect(bansOf('acacia', '[{"IP": {"toString": 1}}, [], null]')).toHaveLength(3);
  });

  it('has rows with times and sources', () => {
    expect(bansOf('acacia', fixture('acacia.csv'))).toEqual([
      {
        number: 2,
        text: '209.229.0.0/16',
        since: time('2019-04-07T11:11:25Z'),
        reason: 'emerging',
      },
      {
        number: 3,
        text: '219.229.0.2/32',
        since: time('2026-11-27T08:09:10Z'),
        reason: 'web1/brutessh',
      },
      {
        number: 4,
        text: '2001:db8::7/128',
        since: time('2026-11-28T08:09:10Z'),
        reason: 'form, spam',
      },
      { number: 5, text: '127.0.0.1/32', reason: '' },
    ]);
  });
});

describe('ipset', () => {
  it('saves elements with timeouts and comments', () => {
    expect(bansOf('ipset', fixture('ipset-timeout.txt'))).toEqual([
      { number: 2, text: '203.0.113.7', until: NOW + 299, reason: 'f2b-sshd ssh brute force' },
      { number: 3, text: '203.0.113.8', reason: 'f2b-sshd' },
    ]);
  });

  it('saves exceptions', () => {
    expect(bansOf('ipset', fixture('ipset-net.txt'))).toMatchObject([
      { text: '198.51.100.0/24', reason: 'blocked spam' },
      { text: '198.51.100.9', fault: expect.stringContaining('exception') },
      { text: '192.0.2.33' },
    ]);
  });

  it.each([
    [fixture('ipset-several.txt'), /several sets, such as f2b-sshd and blocked/],
    [fixture('ipset-ports.txt'), /hash:ip,port is not a set of addresses/],
    ['hello', /FILE:1: not written by "ipset save"/],
  ])('refuses other files', (content, message) => {
    expect(() => bansOf('ipset', content)).toThrow(message);
  });
});

describe('pf', () => {
  it('shows a table with its exceptions', () => {
    expect(bansOf('pf', fixture('pf.txt'))).toMatchObject([
      { number: 1, text: '203.0.113.7' },
      { number: 2, text: '198.51.100.0/24' },
      { number: 3, fault: expect.stringContaining('exception') },
      { number: 4, text: '2001:db8::7' },
    ]);
  });

  it('shows when its counters began', () => {
    expect(bansOf('pf', fixture('pf-verbose.txt'), 'America/New_York')).toEqual([
      { number: 1, text: '203.0.113.7', since: time('2026-11-26T23:55:18Z') },
      { number: 9, text: '2001:db8::7', since: time('2026-11-01T11:05:04Z') },
    ]);
  });
});

describe('nft', () => {
  it('lists prefixes, ranges, timeouts and comments', () => {
    expect(bansOf('nft', fixture('nft-interval.json'))).toEqual([
      { number: 1, text: '192.0.2.4-192.0.2.6', reason: 'blocked' },
      { number: 2, text: '198.51.100.0/24', reason: 'blocked' },
      { number: 3, text: '203.0.113.7', reason: 'blocked' },
    ]);
    expect(bansOf('nft', fixture('nft-timeout.json'))).toEqual([
      { number: 1, text: '203.0.113.8', until: NOW + 599, reason: 'temp ssh' },
      { number: 2, text: '203.0.113.9', until: NOW + 3599, reason: 'temp' },
    ]);
    const odd = [
      { elem: {} },
      { elem: { val: { prefix: { addr: { toString: 1 } } } } },
      null,
      [{}],
    ];
    const set = { name: 'x', type: 'ipv4_addr', elem: odd };
    expect(bansOf('nft', JSON.stringify({ nftables: [{ set }] }))).toHaveLength(4);
    expect(bansOf('nft', fixture('nft-six.json')).map(({ text }) => text)).toEqual([
      '2001:db8::/32',
      '2001:db9::7',
    ]);
  });

  it.each([
    [fixture('nft-several.json'), /4 sets/],
    [fixture('nft-ports.json'), /not a set of addresses/],
    ['{"nftables": [1]}', /0 sets/],
    ['{"nftables"', /not JSON/],
    ['[]', /0 sets/],
  ])('refuses other files', (content, message) => {
    expect(() => bansOf('nft', content)).toThrow(message);
  });
});

describe.each(Object.keys(READERS) as ForeignProgram[])('a reader of %s', (program) => {
  it('reads bans from any text, or throws McblockError', () => {
    const words = `[ ] { } " ' , : | 1 - ip add # elem ! {"val":{}} {"elem":{}} {"toString":1}`;
    const beginnings = ['{"nftables":[{"set":{"type":"ipv4_addr","elem":[', 'create x hash:ip\n'];
    const piece = fc.constantFrom('\n', ...words.split(' '), ...beginnings);
    const text = fc.oneof(
      fc.string(),
      fc.array(piece).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, (content) => {
        try {
          bansOf(program, content);
        } catch (error) {
          expect(error).toBeInstanceOf(McblockError);
        }
      }),
    );
  });
});
