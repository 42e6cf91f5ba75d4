import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyLine } from '../../src/log/line.ts';
import { loadScanners } from '../../src/log/scanners.ts';
import { type ProxySearch, ServedRequests } from '../../src/log/served-requests.ts';
import { knownTime, secondsOf } from '../../src/log/time/clock.ts';
import { prefixAround } from '../../src/net/prefix.ts';

const DAY = 86_400;
const START = 1_767_182_400;

const SEARCH: ProxySearch = {
  windowSeconds: DAY,
  prefixOf: (address) => prefixAround(address, address.family === 4 ? 24 : 64),
};

function requests() {
  const served = new ServedRequests(SEARCH, []);
  const line = emptyLine();
  line.bytes = Buffer.from('200');
  return {
    add: (network: number, at: number) => {
      Object.assign(line.reading, { statusStart: 0, statusEnd: 3 });
      Object.assign(line.reading, { family: 4, a: network * 256 + 7, b: 0, c: 0, d: 0 });
      line.time = knownTime(at);
      served.add(line);
    },
    likely: () => served.take(secondsOf).likelyProxies,
  };
}

describe('served requests', () => {
  it('are counted within the window, a 24th of it less at most', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4000), { minLength: 100, maxLength: 250 }), (gaps) => {
        const { add, likely } = requests();
        const times: number[] = [];
        let at = START;
        for (const gap of gaps) {
          at += gap;
          times.push(at);
          // Others have more.
          for (let other = 0; other < 4; other++) add(1000 + ((at + other * 977) % 60), at);
          add(7, at);
        }
        const within = (seconds: number) =>
          times.some(
            (time, index) => time - (times[index - 99] ?? Number.NEGATIVE_INFINITY) < seconds,
          );
        const found = likely().some(({ prefix }) => prefix.a === 7 * 256);
        if (within((DAY * 23) / 24)) expect(found).toBe(true);
        if (!within(DAY + 1)) expect(found).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  it('of a proxy are not forgotten among those of many others', () => {
    const { add, likely } = requests();
    for (let n = 0; n < 40_000; n++) {
      add(1000 + n, START + n);
      if (n % 400 === 0) add(7, START + n);
    }
    expect(likely().map(({ prefix }) => prefix.a)).toEqual([7 * 256]);
  });

  it('make a prefix likely from the first to the last time, once for each window', () => {
    const { add, likely } = requests();
    for (const day of [0, 5]) for (let n = 0; n < 120; n++) add(7, START + day * DAY + n);
    expect(likely()).toMatchObject([
      { first: START + 9, last: START + 119 },
      { first: START + 5 * DAY + 9, last: START + 5 * DAY + 119 },
    ]);
  });

  it('are told of until later offences cannot be within the window', () => {
    const { add, likely } = requests();
    const day = (n: number) => {
      for (let second = 0; second < 120; second++) add(7, START + n * DAY + second);
      return likely().map(({ first }) => Math.floor((first - START) / DAY));
    };
    expect(day(0)).toEqual([0]);
    expect(day(5)).toEqual([0, 5]);
    expect(day(10)).toEqual([5, 10]);
    expect(likely()).toHaveLength(1);
  });
});

describe('the services of web servers', () => {
  it('are those with served requests, and what shares their programs', async () => {
    const served = new ServedRequests(SEARCH, await loadScanners(''));
    const { services } = served.take(secondsOf);
    expect([...services]).toEqual(
      expect.arrayContaining([
        'http-access',
        'nginx',
        'apache',
        'lighttpd',
        'caddy',
        'traefik',
        'haproxy',
      ]),
    );
    for (const other of ['sshd', 'pam', 'dovecot', 'nextcloud'])
      expect(services).not.toContain(other);
  });
});
