import { parseAddress } from '../net/address-text.ts';

/** Messages that are alike, with what differs in them as fields. */
export interface Template {
  readonly service: string;
  /** As a rule of a grammar would have it: `"Connection reset by " ADDRESS " port " INT`. */
  readonly template: string;
  readonly count: number;
  /** The first of them. */
  readonly example: string;
}

/** Of one service so many are told apart, and so many that begin alike; others are summed. */
const CLUSTER_LIMIT = 1000;
const BUCKET_LIMIT = 50;
/** Words beyond these are one text. */
const WORD_LIMIT = 64;
const EXAMPLE_LIMIT_CHARACTERS = 512;
/** Messages are alike if of their words that are no fields at least this share is the same. */
const ALIKE = 0.6;

const ADDRESS = 'ADDRESS';
const INT = 'INT';
const WORD = 'WORD';

/** A piece of a message: its text as it stands there, or the field in its place. */
interface Piece {
  text: string;
  field: string | undefined;
}

interface Cluster {
  readonly pieces: Piece[];
  readonly example: string;
  count: number;
}

interface ServiceClusters {
  /** How many clusters there are. */
  size: number;
  readonly buckets: Map<string, Cluster[]>;
  /** What found no place. */
  other: Cluster | undefined;
}

/**
 * Groups messages by what they have in common, so that a user sees which rules a grammar lacks.
 * Addresses and numbers are fields from the start; other words become one where messages that are
 * alike differ in them.
 */
export class Templates {
  readonly #services = new Map<string, ServiceClusters>();

  add(service: string, message: string): void {
    let clusters = this.#services.get(service);
    if (clusters === undefined) {
      clusters = { size: 0, buckets: new Map(), other: undefined };
      this.#services.set(service, clusters);
    }
    addTo(clusters, message);
  }

  /** The most frequent first. */
  all(): Template[] {
    const all = [...this.#services].flatMap(([service, { buckets, other }]) =>
      [...[...buckets.values()].flat(), ...(other ? [other] : [])].map(
        ({ count, example, pieces }) => {
          return { service, template: templateText(pieces), count, example };
        },
      ),
    );
    return all.toSorted((p, q) => q.count - p.count || (p.template < q.template ? -1 : 1));
  }
}

function addTo(clusters: ServiceClusters, message: string): void {
  const pieces = piecesOf(message);
  // Only what has as many pieces and begins with the same word is compared.
  const first = pieces.find(({ field }) => field === undefined)?.text ?? '';
  const key = `${pieces.length} ${first}`;
  const bucket = clusters.buckets.get(key) ?? [];
  const known = bucket.find((cluster) => isAlike(cluster.pieces, pieces));
  if (known !== undefined) {
    known.count++;
    widen(known.pieces, pieces);
    return;
  }
  const example = message.slice(0, EXAMPLE_LIMIT_CHARACTERS);
  if (clusters.size < CLUSTER_LIMIT && bucket.length < BUCKET_LIMIT) {
    bucket.push({ pieces, example, count: 1 });
    clusters.buckets.set(key, bucket);
    clusters.size++;
  } else if (clusters.other !== undefined) {
    clusters.other.count++;
  } else {
    clusters.other = { pieces: [{ text: '', field: 'TEXT' }], example, count: 1 };
  }
}

/** Words and what stands between them; a word loses the punctuation around it. */
function piecesOf(message: string): Piece[] {
  const pieces: Piece[] = [];
  const words = message.split(/([\s,;()"'=<>[\]]+)/, WORD_LIMIT * 2 + 1);
  const rest = message.slice(words.join('').length);
  for (const [index, word] of words.entries()) {
    if (word === '') continue;
    if (index % 2 === 1) pieces.push({ text: word, field: undefined });
    else pieces.push(...wordPieces(word));
  }
  if (rest !== '') pieces.push({ text: rest, field: 'TEXT' });
  return pieces;
}

/** `192.0.2.7:` is an address and a colon, `port:22` a word, a colon and a number. */
function wordPieces(word: string): Piece[] {
  const [, body = word, end = ''] = /^(.*?)([.:]*)$/s.exec(word) ?? [];
  const tail = end === '' ? [] : [{ text: end, field: undefined }];
  if (parseAddress(body) !== undefined) return [{ text: body, field: ADDRESS }, ...tail];
  const pieces = body
    .split(/(:|(?<![\w.])\d+(?![\w.]))/)
    .filter((text) => text !== '')
    .map((text): Piece => {
      if (/^\d+$/.test(text)) return { text, field: INT };
      return { text, field: parseAddress(text) ? ADDRESS : undefined };
    });
  return [...pieces, ...tail];
}

function isAlike(p: readonly Piece[], q: readonly Piece[]): boolean {
  let words = 0;
  let same = 0;
  for (const [index, piece] of p.entries()) {
    const other = q[index];
    if (other === undefined) return false;
    const isWord = /\w/.test(piece.text) && /\w/.test(other.text);
    if (!isWord) {
      if (piece.text !== other.text) return false;
    } else if (piece.field === ADDRESS || other.field === ADDRESS) {
      if (piece.field !== other.field) return false;
    } else if (piece.field === undefined) {
      words++;
      if (piece.text === other.text) same++;
    }
  }
  return same >= words * ALIKE;
}

/** Where the two differ, a field takes the place of the text. */
function widen(pieces: readonly Piece[], others: readonly Piece[]): void {
  for (const [index, piece] of pieces.entries()) {
    const other = others[index];
    if (other === undefined || piece.field === 'TEXT') continue;
    if (piece.field !== other.field || (piece.field === undefined && piece.text !== other.text)) {
      piece.field = WORD;
    }
  }
}

function templateText(pieces: readonly Piece[]): string {
  const parts: string[] = [];
  let literal = '';
  for (const { text, field } of pieces) {
    if (field === undefined) {
      literal += text;
      continue;
    }
    if (literal !== '') parts.push(quoted(literal));
    literal = '';
    parts.push(field);
  }
  if (literal !== '') parts.push(quoted(literal));
  return parts.join(' ');
}

function quoted(text: string): string {
  const escaped = text.replaceAll(/["\\]/g, '\\$&');
  return `"${escaped.replaceAll(/\p{Cc}/gu, hexEscape)}"`;
}

function hexEscape(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
