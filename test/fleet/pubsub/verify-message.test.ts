import { createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../../src/blocklist/policy.ts';
import type { BanMessage } from '../../../src/fleet/pubsub/ban.ts';
import { messageText } from '../../../src/fleet/pubsub/message-text.ts';
import { SigningKey } from '../../../src/fleet/pubsub/signing-key.ts';
import { type VerificationRules, verifyMessage } from '../../../src/fleet/pubsub/verify-message.ts';
import { formatAddress } from '../../../src/net/address-text.ts';
import { formatPrefix, parsePrefix } from '../../../src/net/prefix-text.ts';
import { anyAddress, anyPrefix, EDGES } from '../../reference/arbitraries.ts';
import { keysOf } from '../../support/keys.ts';
import { anyMessage, NOW } from './message.arbitraries.ts';

const KEY = new SigningKey();
const OTHER = new SigningKey();
const CHANNEL = { name: 'mcblock', isPlain: false };
const PLAIN = { name: 'block', isPlain: true };
const RULES: VerificationRules = {
  keys: keysOf({ 'a.example.net': KEY, 'b.example.net': OTHER, 'own.example.net': KEY }),
  self: 'own.example.net',
  widest4: 1,
  widest6: 1,
  auto: DEFAULT_POLICY.auto,
  maxAgeSeconds: 300,
};
const MESSAGE: BanMessage = {
  ban: {
    prefix: parsePrefix('198.51.100.0/24'),
    address: undefined,
    expiresAt: NOW + 86_400,
    origin: 'grok',
    evidence: [
      {
        service: 'sshd',
        message: 'failed-login',
        proxy: '192.0.2.1',
        port: 4711,
        count: 3,
        rule: '',
      },
    ],
    note: '',
  },
  sender: 'a.example.net',
  channel: 'mcblock',
  number: 1,
  at: NOW,
};

describe('a ban message', () => {
  it('is read as it was sent', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        const text = messageText(message, KEY);
        expect(text).not.toMatch(/\n/);
        expect(verify(text, { ...RULES, keys: keysOf({ [message.sender]: KEY }) })).toEqual({
          prefix: message.ban.prefix,
          address: message.ban.address,
          message,
          isSigned: true,
        });
      }),
    );
  });

  it('is refused if any byte of it is changed', () => {
    fc.assert(
      fc.property(anyMessage, fc.nat(), fc.integer({ min: 1, max: 255 }), (message, at, change) => {
        const bytes = Buffer.from(messageText(message, KEY));
        const offset = 1 + (at % (bytes.length - 1));
        bytes[offset] = (bytes[offset] ?? 0) ^ change;
        const rules = { ...RULES, keys: keysOf({ [message.sender]: KEY }) };
        expect(verifyMessage(bytes, CHANNEL, rules, NOW)).toHaveProperty('refused');
      }),
    );
  });

  it('is forged if its signature is spelled otherwise than encoders do', () => {
    const text = messageText(MESSAGE, KEY);
    // The last of the 86 characters carries two bits of the signature and four that are zero.
    const last = text.length - 3;
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    for (const letter of letters.replace(text.charAt(last), '')) {
      expect(refusal(`${text.slice(0, last)}${letter}"}`)).toBe('forged');
    }
  });

  it('is forged unless its sender signed it for this channel', () => {
    const text = messageText(MESSAGE, KEY);
    expect(refusal(messageText(MESSAGE, OTHER))).toBe('forged');
    expect(refusal(messageText({ ...MESSAGE, sender: 'b.example.net' }, KEY))).toBe('forged');
    expect(refusal(text.replace('a.example.net', 'b.example.net'))).toBe('forged');
    expect(refusal(messageText({ ...MESSAGE, sender: 'c.example.net' }, KEY))).toBe(
      'unknown sender',
    );
    expect(refusal(messageText(MESSAGE))).toBe('unsigned');
    expect(refusal(messageText({ ...MESSAGE, channel: 'reboot' }, KEY))).toBe('another channel');
  });

  it('is forged if it bears the signature of a shared secret, as in earlier versions', () => {
    const body = messageText(MESSAGE);
    const mac = createHmac('sha256', Buffer.alloc(32, 7)).update(body).digest('base64url');
    expect(refusal(`${body.slice(0, -1)},"signature":"${mac}"}`)).toBe('forged');
  });

  it('may be unsigned where there are no keys, and then counts as unsigned', () => {
    const keyless = { ...RULES, keys: undefined };
    for (const key of [undefined, KEY]) {
      expect(verify(messageText(MESSAGE, key), keyless)).toMatchObject({ isSigned: false });
    }
  });

  it.each([
    ['own', { sender: 'own.example.net' }],
    ['too old', { at: NOW - 301 }],
    ['too early', { at: NOW + 61 }],
    ['expired', { ban: { ...MESSAGE.ban, expiresAt: NOW } }],
  ])('is refused: %s', (reason, change) => {
    expect(refusal(messageText({ ...MESSAGE, ...change }, KEY))).toBe(reason);
  });

  it('is refused as a whole if a field is wrong or missing', () => {
    const body = JSON.parse(messageText(MESSAGE)) as Record<string, unknown>;
    const wrong = [
      { format: 'mcblock/2' },
      { sender: '-x' },
      { sender: '' },
      { number: 0 },
      { number: 1.5 },
      { prefix: '0.0.0.0/0' },
      { prefix: '198.51.100.1/24' },
      { prefix: ['198.51.100.0/24'] },
      { address: '203.0.113.1' },
      { expiresAt: 'soon' },
      { evidence: Array.from({ length: 17 }, () => ({ service: 'a', message: 'b', count: 1 })) },
      { note: 'x'.repeat(256) },
      { note: 'a\u001b[0m' },
      { version: 0 },
      { at: undefined },
    ];
    for (const change of wrong) {
      const text = JSON.stringify({ ...body, ...change });
      const signed = `${text.slice(0, -1)},"signature":"${KEY.sign(text)}"}`;
      expect([change, refusal(signed)]).toEqual([change, 'malformed']);
    }
  });

  it('may have fields that a newer version added', () => {
    const body = JSON.parse(messageText(MESSAGE)) as Record<string, unknown>;
    const text = JSON.stringify({ ...body, version: 7, more: 1 });
    const signed = `${text.slice(0, -1)},"signature":"${KEY.sign(text)}"}`;
    expect(verify(signed)).toMatchObject({ message: MESSAGE, isSigned: true });
  });
});

describe('a plain message', () => {
  it('is an address or a prefix, and nothing else', () => {
    fc.assert(
      fc.property(anyAddress, (address) => {
        const result = verify(formatAddress(address), RULES, PLAIN);
        expect(result).toMatchObject({ address, message: undefined, isSigned: false });
      }),
    );
    fc.assert(
      fc.property(anyPrefix, (prefix) => {
        const result = verify(formatPrefix(prefix), { ...RULES, keys: undefined });
        if (prefix.length === 0) expect(result).toMatchObject({ refused: 'too wide' });
        else expect(result).toMatchObject({ prefix });
      }),
    );
  });

  it('never makes the verification throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const result = verifyMessage(bytes, PLAIN, RULES, NOW);
        if (!('refused' in result)) expect(result.prefix.length).toBeGreaterThan(0);
      }),
    );
    for (const text of [
      '',
      ' 192.0.2.1',
      '192.0.2.1\n',
      '-h',
      '192.0.2.1 192.0.2.2',
      '192.0.2.01',
      'x',
    ]) {
      expect([text, refusal(text)]).toEqual([text, 'malformed']);
    }
    expect(verifyMessage(Buffer.from([0x31, 0xff]), PLAIN, RULES, NOW)).toMatchObject({
      refused: 'malformed',
    });
  });

  it('is accepted with keys only on a channel that is plain, and only of a host', () => {
    for (const text of ['192.0.2.1', '2001:db8::1', '192.0.2.1/32']) {
      expect([text, refusal(text)]).toEqual([text, 'unsigned']);
      expect([text, refusal(text, RULES, PLAIN)]).toEqual([text, undefined]);
    }
    for (const text of ['192.0.2.0/24', '4.0.0.0/8', '192.0.2.0/31', '2001:db8::/64']) {
      expect([text, refusal(text)]).toEqual([text, 'unsigned']);
      expect([text, refusal(text, RULES, PLAIN)]).toEqual([text, 'too wide']);
    }
  });
});

it('refuses prefixes that are too wide, in both families and forms', () => {
  const rules = { ...RULES, widest4: 16, widest6: 48 };
  for (const prefix of [...EDGES, parsePrefix('10.0.0.0/15'), parsePrefix('2001:db8::/47')]) {
    if (prefix.length === 0) continue;
    const isWide = prefix.length < (prefix.family === 4 ? 16 : 48);
    const message = { ...MESSAGE, ban: { ...MESSAGE.ban, prefix, address: undefined } };
    const wanted = isWide ? 'too wide' : undefined;
    expect(refusal(messageText(message, KEY), rules)).toBe(wanted);
    expect(refusal(formatPrefix(prefix), { ...rules, keys: undefined })).toBe(wanted);
  }
});

it('cuts a wide prefix to the automatic one around its offender', () => {
  const rules = { ...RULES, widest4: 20, widest6: 48 };
  for (const [wide, offender, cut] of [
    ['198.51.96.0/19', '198.51.100.9', '198.51.100.0/24'],
    ['2001:db8::/32', '2001:db8:1:2::3', '2001:db8:1:2::/64'],
  ] as const) {
    const [prefix, address] = [parsePrefix(wide), parsePrefix(offender)];
    const text = messageText({ ...MESSAGE, ban: { ...MESSAGE.ban, prefix, address } }, KEY);
    expect(verify(text, rules)).toMatchObject({ prefix: parsePrefix(cut) });
  }
});

it('refuses long messages without parsing them', () => {
  expect(refusal('1'.repeat(65))).toBe('too long');
  expect(refusal(`{${'['.repeat(8192)}`)).toBe('too long');
});

function verify(text: string, rules = RULES, channel = CHANNEL) {
  return verifyMessage(Buffer.from(text), channel, rules, NOW);
}

function refusal(text: string, rules = RULES, channel = CHANNEL): string | undefined {
  const result = verify(text, rules, channel);
  return 'refused' in result ? result.refused : undefined;
}
