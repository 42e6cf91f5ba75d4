const ZERO = 0x30;

/** Negative if there is no digit. */
export function digitAt(bytes: Uint8Array, at: number): number {
  const digit = (bytes[at] ?? 0) - ZERO;
  return digit > 9 ? -1 : digit;
}

/** Negative if there are not two digits. */
export function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = digitAt(bytes, at);
  const ones = digitAt(bytes, at + 1);
  return tens < 0 || ones < 0 ? -1 : tens * 10 + ones;
}

/** Negative if there are not four digits. */
export function fourDigits(bytes: Uint8Array, at: number): number {
  const hundreds = twoDigits(bytes, at);
  const ones = twoDigits(bytes, at + 2);
  return hundreds < 0 || ones < 0 ? -1 : hundreds * 100 + ones;
}

/** The offset after the digits at `at`, which is `at` if there are none. */
export function afterDigits(bytes: Uint8Array, at: number, end: number): number {
  let next = at;
  while (next < end && digitAt(bytes, next) >= 0) next++;
  return next;
}

/** 0 for `Jan`; negative if there is no month. */
export function monthAt(bytes: Uint8Array, at: number): number {
  const name = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
  switch (name) {
    case 0x4a616e: // Jan
      return 0;
    case 0x466562: // Feb
      return 1;
    case 0x4d6172: // Mar
      return 2;
    case 0x417072: // Apr
      return 3;
    case 0x4d6179: // May
      return 4;
    case 0x4a756e: // Jun
      return 5;
    case 0x4a756c: // Jul
      return 6;
    case 0x417567: // Aug
      return 7;
    case 0x536570: // Sep
      return 8;
    case 0x4f6374: // Oct
      return 9;
    case 0x4e6f76: // Nov
      return 10;
    case 0x446563: // Dec
      return 11;
    default:
      return -1;
  }
}
