/** A piece of a message: its text, and the field that replaces it, if any. */
export interface Piece {
  text: string;
  field: TemplateField | undefined;
}

/** BLANKS stands for spaces, up to as many as the text has. */
type TemplateField = 'ADDRESS' | 'INT' | 'WORD' | 'TEXT' | 'QUOTED' | 'BLANKS';

/** Text that ADDRESS may neither follow nor precede; see grammar/notation/check-messages.ts. */
const ADDRESS_END = /[0-9A-Fa-f.]$/;
const ADDRESS_GOES_ON = /^(?:[0-9A-Za-z_-]|\.[0-9A-Za-z._%\x80-\u{10ffff}-])/u;

/**
 * The template in the notation of grammars, so that `grammar check` accepts it: one ADDRESS at most,
 * text between two fields, and some text. Undefined if no rule matches such a message.
 */
export function templateNotation(pieces: readonly Piece[]): string | undefined {
  const parts = withOneAddress(joined(pieces)).map(quotedValue);
  if (parts.some(({ field }) => field === undefined)) return parts.map(notationOf).join(' ');
  const text = pieces.map((piece) => piece.text).join('');
  return text === '' ? undefined : quoted(text);
}

/** A word between quotes may be any text in quotes. */
function quotedValue(part: Piece, index: number, parts: readonly Piece[]): Piece {
  const isQuoted =
    part.field === 'WORD' &&
    parts[index - 1]?.text.endsWith('"') &&
    parts[index + 1]?.text.startsWith('"');
  return isQuoted ? { ...part, field: 'QUOTED' } : part;
}

/** Joins adjacent texts to one, and adjacent fields too, which are a word together. */
function joined(pieces: readonly Piece[]): Piece[] {
  const parts: Piece[] = [];
  for (const { text, field } of pieces) {
    const last = parts.at(-1);
    const isText = field === undefined;
    if (
      last === undefined ||
      [last.field, field].includes('BLANKS') ||
      (last.field === undefined) !== isText
    ) {
      parts.push({ text, field });
      continue;
    }
    last.text += text;
    if (field !== undefined) last.field = [last.field, field].includes('TEXT') ? 'TEXT' : 'WORD';
  }
  return parts;
}

/** The first address is that of the peer, mostly; others become words. */
function withOneAddress(parts: readonly Piece[]): readonly Piece[] {
  let isNamed = false;
  return parts.map((part, index) => {
    if (part.field !== 'ADDRESS') return part;
    const fits =
      !ADDRESS_END.test(parts[index - 1]?.text ?? '') &&
      !ADDRESS_GOES_ON.test(parts[index + 1]?.text ?? '');
    const field = fits && !isNamed ? 'ADDRESS' : 'WORD';
    isNamed ||= field === 'ADDRESS';
    return { ...part, field };
  });
}

function notationOf({ text, field }: Piece): string {
  return field === 'BLANKS' ? blanks(text.length) : (field ?? quoted(text));
}

/** From one space to at least so many: each number of them in one way. */
function blanks(most: number): string {
  const parts = ['" "'];
  for (let length = 1; length < most; length *= 2) parts.push(`["${' '.repeat(length)}"]`);
  return parts.join(' ');
}

/** Text in the notation, with escapes for control characters. */
export function quoted(text: string): string {
  const escaped = text.replaceAll(/["\\]/g, '\\$&');
  return `"${escaped.replaceAll(/\p{Cc}/gu, hexEscapes)}"`;
}

/** One escape for each byte of the character. */
function hexEscapes(character: string): string {
  const bytes = Array.from(Buffer.from(character));
  return bytes.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}
