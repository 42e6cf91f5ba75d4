// Sets of bytes as bits: those below 0x40, and those from 0x40 to 0x7f.
const IN_NAME_LOW: u64 = 0x03ff_6000_0000_0000;
const IN_NAME_HIGH: u64 = 0x07ff_fffe_87ff_fffe;
const IN_IPV6_LOW: u64 = 0x07ff_4000_0000_0000;
const HEX_LOW: u64 = 0x03ff_0000_0000_0000;
const HEX_HIGH: u64 = 0x0000_007e_0000_007e;

/** Letters, digits, `.`, `-`, `_`, which continue a host name or a number. */
export function inName(byte: u32): bool {
  return isIn(byte, IN_NAME_LOW, IN_NAME_HIGH);
}

/** Characters of names, `%` for a zone, and bytes that are not ASCII. */
export function inHostName(byte: u32): bool {
  return byte >= 0x80 || byte === 0x25 || inName(byte);
}

/** A character of names that is neither a letter nor a digit. */
export function isSign(byte: u32): bool {
  return byte <= 0x2e || byte === 0x5f;
}

/** Hexadecimal digits, `:` and `.`. */
export function inIpv6(byte: u32): bool {
  return isIn(byte, IN_IPV6_LOW, HEX_HIGH);
}

export function isHex(byte: u32): bool {
  return isIn(byte, HEX_LOW, HEX_HIGH);
}

/** The value of a hexadecimal digit. */
export function hexValue(byte: u32): u32 {
  return (byte & 0xf) + (byte >> 6) * 9;
}

/** Whether an address can end at `p`: no character of a name or number follows, but a full stop may. */
export function endsAddress(p: i32, end: i32): bool {
  return p >= end || !inName(load<u8>(p)) || isFullStop(p, end);
}

/** Whether there is a dot at `p` that no character of a host name follows. */
export function isFullStop(p: i32, end: i32): bool {
  return load<u8>(p) === 0x2e && (p + 1 >= end || !inHostName(load<u8>(p + 1)));
}

function isIn(byte: u32, low: u64, high: u64): bool {
  // A shift uses the lowest six bits of the byte.
  return byte < 0x80 && ((select(low, high, byte < 0x40) >> byte) & 1) !== 0;
}
