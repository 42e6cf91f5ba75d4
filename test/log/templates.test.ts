import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Templates } from '../../src/log/templates.ts';

function templatesOf(...messages: string[]) {
  const templates = new Templates();
  for (const message of messages) templates.add('sshd', message);
  return templates.all().map(({ template, count }) => `${count} ${template}`);
}

describe('Templates', () => {
  it('see addresses and numbers', () => {
    expect(
      templatesOf(
        'Bad packet from 192.0.2.7 port 4711: type 20 [preauth]',
        'Bad packet from 2001:db8::7 port 22: type 3 [preauth]',
        'session 9 of [2001:db8::1]:22 (10.0.0.1) ended.',
      ),
    ).toEqual([
      '2 "Bad packet from " ADDRESS " port " INT ": type " INT " [preauth]"',
      '1 "session " INT " of [" ADDRESS "]:" INT " (" ADDRESS ") ended."',
    ]);
  });

  it('make a field of what differs in similar messages', () => {
    expect(
      templatesOf(
        'user admin of group wheel has no shell',
        'user root of group wheel has no shell',
        'user root of group 5 has no shell',
        'user root is not here at all now',
      ),
    ).toEqual([
      '3 "user " WORD " of group " WORD " has no shell"',
      '1 "user root is not here at all now"',
    ]);
  });

  it('write what the notation accepts', () => {
    expect(templatesOf('said "x\\y" and\u0007 left')).toEqual([
      '1 "said \\"x\\\\y\\" and\\x07 left"',
    ]);
  });

  it('are limited, and count every message', () => {
    const templates = new Templates();
    for (let n = 0; n < 5000; n++) templates.add('sshd', `word${n}x is not word${n * 7}y`);
    for (let n = 0; n < 300; n++) templates.add('sshd', `odd ${String.fromCharCode(0x3b1 + n)}a`);
    const all = templates.all();
    expect(all.length).toBeLessThanOrEqual(1001);
    expect(all.reduce((sum, { count }) => sum + count, 0)).toBe(5300);
  });

  it('accept any text', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (messages) => {
        const templates = new Templates();
        for (const message of messages) templates.add('x', message);
        const all = templates.all();
        expect(all.reduce((sum, { count }) => sum + count, 0)).toBe(messages.length);
        for (const { template } of all) expect(template).not.toMatch(/\p{Cc}/u);
      }),
    );
  });
});
