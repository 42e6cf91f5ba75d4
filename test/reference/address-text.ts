import { isIPv4, isIPv6 } from 'node:net';
import type { Address } from '../../src/net/address.ts';

/** Reads an address by splitting it; whether it is one, Node says. */
export function parseAddressReference(text: string): Address | undefined {
  if (isIPv4(text)) return { family: 4, a: Number(valueOf4(text)), b: 0, c: 0, d: 0 };
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const dotted = /[\d.]+$/.exec(text)?.[0] ?? '';
  const tail = dotted.includes('.') ? valueOf4(dotted) : 0n;
  const hex = `${(tail >> 16n).toString(16)}:${(tail & 0xffffn).toString(16)}`;
  const plain = dotted.includes('.') ? text.slice(0, -dotted.length) + hex : text;
  const [left = '', right] = plain.split('::');
  const before = groupsOf(left);
  const after = groupsOf(right ?? '');
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  const groups = [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16));
  const word = (index: number) => (groups[index] ?? 0) * 0x10000 + (groups[index + 1] ?? 0);
  const [a, b, c, d] = [word(0), word(2), word(4), word(6)];
  if (a === 0 && b === 0 && c === 0xffff) return { family: 4, a: d, b: 0, c: 0, d: 0 };
  return { family: 6, a, b, c, d };
}

function groupsOf(part: string): string[] {
  return part === '' ? [] : part.split(':');
}

function valueOf4(text: string): bigint {
  return text.split('.').reduce((value, octet) => value * 256n + BigInt(octet), 0n);
}
