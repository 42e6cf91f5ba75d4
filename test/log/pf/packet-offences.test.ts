import { describe, expect, it } from 'vitest';
import { emptyPacket, type Packet } from '../../../src/log/pf/packet.ts';
import { skipReason } from '../../../src/log/pf/packet-offences.ts';
import { parseAddress } from '../../../src/net/address-text.ts';

const EXTERNAL = new Set(['em0', 'pppoe0']);

function packetFrom(source: string, difference: Partial<Packet> = {}): Packet {
  const address = parseAddress(source);
  if (address === undefined) throw new Error(`${source} is no address`);
  return {
    ...emptyPacket(),
    interface: 'em0',
    action: 'block',
    direction: 'in',
    source: { ...address },
    protocol: 6,
    tcpFlags: 2,
    ...difference,
  };
}

describe('packets that pf logged', () => {
  it.each([
    ['a SYN', {}],
    ['a SYN on another external interface', { interface: 'pppoe0' }],
    ['a SYN with ECN', { tcpFlags: 0xc2 }],
    ['no flags', { tcpFlags: 0 }],
    ['FIN, PUSH and URG', { tcpFlags: 0x29 }],
    ['UDP', { protocol: 17, tcpFlags: -1 }],
    ['ICMP', { protocol: 1, tcpFlags: -1 }],
    ['a protocol that is not told', { protocol: -1, tcpFlags: -1 }],
  ])('%s counts', (_, difference) => {
    expect(skipReason(packetFrom('192.0.2.7', difference), EXTERNAL)).toBeUndefined();
  });

  it.each([
    ['passed', { action: 'pass' }, 'notBlocked'],
    ['redirected', { action: 'other' }, 'notBlocked'],
    ['on its way out', { direction: 'out' }, 'notInbound'],
    ['on no way that is told', { direction: 'other' }, 'notInbound'],
    ['from within', { interface: 'em1' }, 'notExternal'],
    ['from an interface whose name goes on', { interface: 'em00' }, 'notExternal'],
    ['a SYN-ACK', { tcpFlags: 0x12 }, 'answer'],
    ['an ACK', { tcpFlags: 0x10 }, 'answer'],
    ['a late FIN', { tcpFlags: 0x11 }, 'answer'],
    ['a RST', { tcpFlags: 0x04 }, 'answer'],
    ['TCP whose flags are not told', { tcpFlags: -1 }, 'answer'],
  ] as const)('a packet %s does not count', (_, difference, reason) => {
    expect(skipReason(packetFrom('192.0.2.7', difference), EXTERNAL)).toBe(reason);
  });

  it.each([
    '0.0.0.0',
    '224.0.0.0',
    '239.255.255.255',
    '255.255.255.255',
    '::',
    'ff00::',
    'ff02::1',
    'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  ])('%s is no host', (source) => {
    expect(skipReason(packetFrom(source), EXTERNAL)).toBe('noHost');
  });

  it.each([
    '0.0.0.1',
    '223.255.255.255',
    '240.0.0.0',
    '255.255.255.254',
    '::1',
    'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    'e000::1',
  ])('%s may be a host', (source) => {
    expect(skipReason(packetFrom(source), EXTERNAL)).toBeUndefined();
  });

  it('is skipped for the first reason that applies', () => {
    const all = { action: 'pass', direction: 'out', interface: 'em1', tcpFlags: 0x10 } as const;
    const { action: _, ...blocked } = all;
    const { direction: __, ...inbound } = blocked;
    const { interface: ___, ...external } = inbound;
    const reasons = [all, blocked, inbound, external].map((difference) =>
      skipReason(packetFrom('224.0.0.1', difference), EXTERNAL),
    );
    expect(reasons).toEqual(['notBlocked', 'notInbound', 'notExternal', 'noHost']);
  });

  it('do not count if no interface is external', () => {
    expect(skipReason(packetFrom('192.0.2.7'), new Set())).toBe('notExternal');
  });

  it('never prove their source', () => {
    expect(packetFrom('192.0.2.7', { action: 'pass', tcpFlags: 0x10 }).handshake).toBe(false);
  });
});
