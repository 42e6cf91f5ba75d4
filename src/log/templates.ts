import { parseAddress } from '../net/address-text.ts';
import { type Piece, templateNotation } from './template-notation.ts';

/** Similar messages, with fields for what differs. */
export interface Template {
  readonly service: string;
  /**
   * In the notation of grammars: `"Connection reset by " ADDRESS " port " INT`. `TEXT` stands for
   * all messages beyond the limits, and for those without any text.
   */
  readonly template: string;
  readonly count: number;
  /** The first of them. */
  readonly example: string;
}

/** Limits for each service, and for messages that begin alike; further messages are summed. */
const CLUSTER_LIMIT = 1000;
const BUCKET_LIMIT = 50;
/** Further words are one text. */
const WORD_LIMIT = 64;
const EXAMPLE_LIMIT_CHARACTERS = 512;
/** Messages are similar if at least this share of their words, fields excepted, is equal. */
const ALIKE = 0.6;
const COLUMN_END = /\t|\s{2}/;
const BLANKS = /^ +$/;
/** A date, a time, both, or a zone. */
const TIME =
  /^(?=.)(?:\d{4}[-/]\d\d[-/]\d\d|\d\d[-/.](?:\d\d|[A-Z][a-z]{2})[-/.]\d{4})?[T:_]?(?:\d\d:\d\d:\d\d[\d.]*(?:Z|[+-]\d\d:?\d\d)?|[+-]\d{4})?$/;
/** Messages about failures, and about logins. */
export const FAILED =
  /fail|invalid|denied|refus|incorrect|unauthori[sz]ed|mismatch|wrong|reject|not allowed|\bbad\b/i;
export const LOGGED_IN = /logged in|login succe|authenticated|accepted|successful/i;

/** What decoding puts in the place of bytes that are no UTF-8. */
const NO_UTF8 = '\uFFFD';
/** The longest number that INT matches. */
const MAX_DIGITS = 20;

interface Cluster {
  readonly pieces: Piece[];
  readonly example: string;
  count: number;
}

interface ServiceClusters {
  /** The number of clusters. */
  size: number;
  readonly buckets: Map<string, Cluster[]>;
  /** Messages beyond the limits. */
  other: Cluster | undefined;
}

/**
 * Groups similar messages, to show which rules a grammar lacks. Addresses and numbers are fields from
 * the start; other words become fields where similar messages differ.
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

  /** Sorted by frequency, the most frequent first. */
  all(): Template[] {
    const all = new Map<string, Template>();
    for (const [service, { buckets, other }] of this.#services) {
      for (const cluster of [...buckets.values()].flat().concat(other ?? [])) {
        const template = templateNotation(cluster.pieces) ?? 'TEXT';
        const key = `${service} ${template}`;
        const { count, example } = all.get(key) ?? { count: 0, example: cluster.example };
        all.set(key, { service, template, count: count + cluster.count, example });
      }
    }
    return Array.from(all.values()).toSorted(
      (p, q) => q.count - p.count || (p.template < q.template ? -1 : 1),
    );
  }
}

function addTo(clusters: ServiceClusters, message: string): void {
  const pieces = piecesOf(message);
  // Only messages of one sort with the same first word and number of pieces are compared; a column is a
  // value.
  const at = pieces.findIndex(({ field }) => field === undefined);
  const first = isColumn(pieces, at) ? '' : (pieces[at]?.text ?? '');
  const key = `${pieces.length} ${FAILED.test(message)} ${LOGGED_IN.test(message)} ${first}`;
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

/** Splits a message into words and separators; punctuation is split from words. */
function piecesOf(message: string): Piece[] {
  const pieces: Piece[] = [];
  const words = message.split(/([\s,;()"'=<>[\]|^]+)/, WORD_LIMIT * 2 + 1);
  const rest = message.slice(words.join('').length);
  for (const [index, word] of words.entries()) {
    if (word === '') continue;
    if (index % 2 === 1) pieces.push(...separatorPieces(word));
    else pieces.push(...wordPieces(word));
  }
  if (rest !== '') pieces.push({ text: rest, field: 'TEXT' });
  // A rule needs some text.
  const isOfFields = pieces.every(({ field }) => field !== undefined);
  return isOfFields ? [{ text: message, field: undefined }] : pieces;
}

/** Spaces are pieces of their own, as their number may differ. */
function separatorPieces(separator: string): Piece[] {
  return (separator.match(/ +|[^ ]+/g) ?? []).map((text) => ({ text, field: undefined }));
}

/** Splits `192.0.2.7:` into address and colon, `port:22` into word, colon and number. */
function wordPieces(word: string): Piece[] {
  const [, body = word, end = ''] = /^(.*?)([.:]*)$/s.exec(word) ?? [];
  const tail = end === '' ? [] : [{ text: end, field: undefined }];
  if (body.includes(NO_UTF8)) return [{ text: body, field: 'WORD' }, ...tail];
  if (parseAddress(body) !== undefined) return [{ text: body, field: 'ADDRESS' }, ...tail];
  if (TIME.test(body)) return [{ text: body, field: 'WORD' }, ...tail];
  const parts = body.split(/([/#@])/);
  if (parts.length > 1 && parts.some((part) => parseAddress(part) !== undefined))
    return [...parts.flatMap((part) => (part === '' ? [] : wordPieces(part))), ...tail];
  const pieces = body
    .split(/(:|(?<![\w.])\d+(?![\w.]))/)
    .filter((text) => text !== '')
    .map((text): Piece => {
      if (/^\d+$/.test(text)) return { text, field: text.length > MAX_DIGITS ? 'WORD' : 'INT' };
      return { text, field: parseAddress(text) ? 'ADDRESS' : undefined };
    });
  return [...pieces, ...tail];
}

function isAlike(p: readonly Piece[], q: readonly Piece[]): boolean {
  const columns: boolean[] = [];
  const words: boolean[] = [];
  for (const [index, piece] of p.entries()) {
    const other = q[index];
    if (other === undefined) return false;
    if (BLANKS.test(piece.text) && BLANKS.test(other.text)) continue;
    const isWord = /\w/.test(piece.text) && /\w/.test(other.text);
    if (!isWord) {
      if (piece.text !== other.text) return false;
    } else if (piece.field === 'ADDRESS' || other.field === 'ADDRESS') {
      if (piece.field !== other.field) return false;
    } else if (piece.field === undefined) {
      (isColumn(p, index) ? columns : words).push(piece.text === other.text);
    }
  }
  const compared = words.length > 0 ? words : columns;
  return compared.filter(Boolean).length >= compared.length * ALIKE;
}

/** Whether a word is all of a column, between tabs or several spaces: a name or level, say. */
function isColumn(pieces: readonly Piece[], index: number): boolean {
  const around = [pieces[index - 1], pieces[index + 1]].filter((piece) => piece !== undefined);
  return around.length > 0 && around.every(({ text }) => COLUMN_END.test(text));
}

/** Replaces text by a field where the two differ. */
function widen(pieces: readonly Piece[], others: readonly Piece[]): void {
  for (const [index, piece] of pieces.entries()) {
    const other = others[index];
    if (other === undefined || piece.field === 'TEXT') continue;
    if (BLANKS.test(piece.text)) {
      if (piece.text === other.text) continue;
      piece.field = 'BLANKS';
      if (other.text.length > piece.text.length) piece.text = other.text;
    } else if (
      piece.field !== other.field ||
      (piece.field === undefined && piece.text !== other.text)
    ) {
      piece.field = 'WORD';
    }
  }
}
