import { LAYOUTS, type Plan, PROBE, pcapFile, pcapPacket } from './pflog-maker.ts';

const PROBE6: Plan = { ...PROBE, source: '2001:db8:7::7', destination: '2001:db8::1' };

/** What stands in fixtures/pf/freebsd.pflog: a second apart, of every sort that tcpdump tells. */
const FIXTURE_PLANS: readonly Plan[] = [
  PROBE,
  { ...PROBE, source: '198.51.100.9', destinationPort: 3389 },
  { ...PROBE, tcpFlags: 0x12 },
  { ...PROBE, tcpFlags: 0x14 },
  { ...PROBE, tcpFlags: 0 },
  { ...PROBE, tcpFlags: 0x29 },
  { ...PROBE, tcpFlags: 0xc2 },
  { ...PROBE, protocol: 17, destinationPort: 5555 },
  { ...PROBE, protocol: 17, destinationPort: 53 },
  { ...PROBE, protocol: 1 },
  { ...PROBE, fragmentOffset: 185 },
  { ...PROBE, extras: [2] },
  { ...PROBE, interface: 'vlan4094' },
  { ...PROBE, action: 0, direction: 2, source: '203.0.113.1', destination: '192.0.2.7' },
  { ...PROBE, action: 10 },
  { ...PROBE, direction: 0 },
  { ...PROBE, source: '255.255.255.255' },
  { ...PROBE, source: '224.0.0.1', protocol: 17, destinationPort: 5555 },
  PROBE6,
  { ...PROBE6, protocol: 17, destinationPort: 5555 },
  { ...PROBE6, protocol: 58 },
  { ...PROBE6, source: 'fe80::7', destination: 'ff02::1', protocol: 58 },
  { ...PROBE6, source: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff' },
].map((plan, index) => ({ ...plan, seconds: PROBE.seconds + index }));

export function fixtureFile(): Buffer {
  return pcapFile(
    'little',
    FIXTURE_PLANS.map((plan) => pcapPacket('little', LAYOUTS.freebsd, plan)),
  );
}
