const encoder = new TextEncoder();

/** The bytes of a text in UTF-8. */
export function bytesOf(text: string): Uint8Array {
  return encoder.encode(text);
}

/**
 * The bytes of a literal in quotes, or its fault as a text. The escapes are \" \\ \t and \xNN for one
 * byte.
 */
export function unquote(quoted: string): number[] | string {
  const bytes: number[] = [];
  const inner = quoted.slice(1, -1);
  for (const [piece] of inner.matchAll(/\\x[0-9A-Fa-f]{2}|\\.?|[^\\]+/gsu)) {
    if (!piece.startsWith('\\')) bytes.push(...bytesOf(piece));
    else if (piece.length === 4) bytes.push(Number.parseInt(piece.slice(2), 16));
    else {
      const byte = ESCAPES.get(piece);
      if (byte === undefined) return `unknown escape ${piece}; use \\" \\\\ \\t or \\xNN`;
      bytes.push(byte);
    }
  }
  return bytes.includes(0x0a) ? 'a line of a log contains no newline' : bytes;
}

const ESCAPES: ReadonlyMap<string, number> = new Map([
  ['\\"', 0x22],
  ['\\\\', 0x5c],
  ['\\t', 0x09],
]);
