/** A piece of a message: its text, and the field that replaces it, if any. */
export interface Piece {
  text: string;
  field: TemplateField | undefined;
}

type TemplateField = 'ADDRESS' | 'INT' | 'WORD' | 'TEXT';

/** Text that ADDRESS may neither follow nor precede; see grammar/notation/check-messages.ts. */
const ADDRESS_END = /[0-9A-Fa-f.]$/;
const ADDRESS_GOES_ON = /^(?:[0-9A-Za-z_-]|\.[0-9A-Za-z._%\x80-\u{10ffff}-])/u;

/**
 * The template in the notation of grammars, so that `grammar check` accepts it: one ADDRESS at most,
 * text between two fields, and some text. Undefined if no rule matches such a message.
 */
export function templateNotation(pieces: readonly Piece[]): string | undefined {
  const parts = withOneAddress(joined(pieces));
  if (parts.some(({ field }) => field === undefined)) return parts.map(notationOf).join(' ');
  const text = pieces.map((piece) => piece.text).join('');
  return text === '' ? undefined : quoted(text);
}

/** Joins adjacent texts to one, and adjacent fields too, which are a word together. */
function joined(pieces: readonly Piece[]): Piece[] {
  const parts: Piece[] = [];
  for (const { text, field } of pieces) {
    const last = parts.at(-1);
    if (last === undefined || (last.field === undefined) !== (field === undefined)) {
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
  return field ?? quoted(text);
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
