import { describe, expect, it } from 'vitest';
import type { Scanner } from '../../grammar/notation/scanner.ts';
import { Programs } from '../../src/log/programs.ts';
import { tinyScanner } from './tiny-scanner.ts';

const scannerOf = (...programs: string[]): Scanner => ({ ...tinyScanner, programs });

function find(programs: Programs, name: string): number {
  const bytes = Buffer.from(`x${name}y`);
  return programs.find(bytes, 1, bytes.length - 1);
}

describe('the program of a line', () => {
  const programs = new Programs([
    scannerOf('sshd'),
    scannerOf('postfix/smtpd', 'postfix*/smtpd'),
    scannerOf('postfix-out/smtpd'),
    scannerOf('*'),
  ]);

  it.each([
    ['sshd', 0],
    ['postfix/smtpd', 1],
    ['postfix-in/smtpd', 1],
    ['postfix/submission/smtpd', 1],
    ['postfix-in/submission/smtpd', 1],
    ['postfix-out/smtpd', 2],
    ['postfix', -1],
    ['postfix/smtp', -1],
    ['xpostfix/smtpd', -1],
    ['postfix/smtpd/x', -1],
    ['', -1],
    ['*', -1],
    ['cron', -1],
  ])('%s', (name, service) => {
    expect(find(programs, name)).toBe(service);
    expect(find(programs, name)).toBe(service);
  });

  it('must be as long as the text around the star', () => {
    const around = new Programs([scannerOf('aba*ba')]);
    expect(find(around, 'aba')).toBe(-1);
    expect(find(around, 'ababa')).toBe(0);
  });

  it('may be that of several scanners, which are tried in turn', () => {
    const bytes = Buffer.from('imapd');
    const shared = new Programs([scannerOf('imapd'), scannerOf('*'), scannerOf('x', 'imapd')]);
    expect(find(shared, 'imapd')).toBe(0);
    expect([...shared.next(bytes, 0, 5, 0)]).toEqual([2, 1]);
    expect([...shared.next(bytes, 0, 4, -1)]).toEqual([1]);
    expect([...shared.next(bytes, 0, 4, 1)]).toEqual([]);
    expect([...new Programs([scannerOf('imapd')]).next(bytes, 0, 5, 0)]).toEqual([]);
  });

  it('finds the scanner for programs without their own', () => {
    expect(programs.others).toEqual([3]);
  });
});
