import type { Expression, Grammar, MessageRule } from '../../grammar/notation/tree.ts';

/** A line that a service could have written of a peer who says hostile words. One character a byte. */
export interface ForgedLine {
  readonly service: string;
  readonly message: string;
  readonly line: string;
  /** The list of forwarded addresses, if the line has one and the service escapes quotes everywhere. */
  readonly forwarded: string | undefined;
  /** The peer's address as RFC 5952 writes it; '' where the line names a host, or nobody. */
  readonly address: string;
}

/** Gives a whole number from 0 up to, but not with, `below`. */
export type Choose = (below: number) => number;

/** The same numbers for the same seed (xorshift, Marsaglia 2003). */
export function choices(seed: number): Choose {
  let state = (Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995) | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** The peer as services write it, and the address that it is. */
const PEERS = [
  ['192.0.2.7', '192.0.2.7'],
  ['192.0.2.7', '192.0.2.7'],
  ['2001:db8::7', '2001:db8::7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['fe80::7%em0', 'fe80::7'],
] as const;
/** What stands there where names are looked up or nothing is known; none is an address. */
const NO_PEERS = [
  'host.example',
  'UNKNOWN',
  'unknown',
  '',
  '192.030.0.6',
  '192.0.2.7.example.com',
] as const;

/** Whom the hostile words accuse. */
const DECOYS = ['198.51.100.9', '2001:db8:bad::9', '::ffff:198.51.100.9', 'fe80::bad%em0'] as const;

/** What the proxy that the peer is appends. */
const FORWARDED = '203.0.113.5';

/** What cuts words out of the fields that they stand in. */
const SIGNS = [
  ' ',
  '  ',
  '"',
  "'",
  '[',
  ']',
  '(',
  ')',
  '<',
  '>',
  ',',
  ', ',
  ': ',
  ':',
  ';',
  '\\',
  '\\"',

  '\x00',
  '\x1b[2K',
  '\t',
  '\r',
  '\xff',
  '%',
  '#',
  '/',
  '@',
  '=',
  '`',
  '|',
  '[preauth]',
  ' [preauth]',
  'sshd[1]: ',
  'user=',
  ' from ',
  ' port 1',
  ' rhost=',
  '198.51.100.9',
  ' 198.51.100.9 ',
];
/**
 * How many bytes the words of a peer can have at most, where a service sees to that: OpenVPN keeps 64
 * of a name (TLS_USERNAME_LEN; so does X.509, in ub-common-name), and its peers say nothing else.
 */
const MAX_USER_CHARACTERS: Readonly<Record<string, number>> = { openvpn: 64 };
/** Where programs, the C library, syslogd and the reader cut lines. */
const CUTS = [950, 1023, 1024, 2048, 8192, 65_536];

/** Makes lines of every message of some grammars, with hostile words where a peer could put them. */
export class Forger {
  readonly #grammars: readonly Grammar[];
  readonly #rules: ReadonlyMap<Grammar, ReadonlyMap<string, Expression>>;

  readonly #areCareful: boolean;

  /** @param areCareful all services escape quotes in quoted texts; otherwise some lines lack that */
  constructor(grammars: readonly Grammar[], areCareful = false) {
    this.#grammars = grammars;
    this.#areCareful = areCareful;
    this.#rules = new Map(
      grammars.map((grammar) => [grammar, new Map(grammar.rules.map((r) => [r.name, r.body]))]),
    );
  }

  /** A line of the grammar's service: of any of its messages, or of the one that is named. */
  forge(grammar: Grammar, choose: Choose, message = pick(grammar.messages, choose)): ForgedLine {
    const known = choose(6) > 0;
    const [peer, truth] = known ? pick(PEERS, choose) : [pick(NO_PEERS, choose), ''];
    // One peer in six has no address; nobody but the peer is ever named.
    const escapes = choose(2) === 0;
    const escapesNothing = !this.#areCareful && choose(4) === 0;
    const hostile = (spaces: boolean) => this.#hostile(grammar, message, choose, spaces);
    const derived = new Derivation(
      this.#rulesOf(grammar),
      choose,
      peer,
      (spaces) => (escapes && !escapesNothing ? escaped(hostile(spaces)) : hostile(spaces)),
      escapesNothing ? (words) => words : escaped,
    );
    const written = derived.write(message.body);
    // What is quoted may then be any whole line.
    if (escapesNothing && !derived.namesPeer) return this.forge(grammar, choose);
    // Services write IPv6 in brackets there: this is no line of theirs.
    const cut = written.findIndex(
      (text, index) => text.startsWith(':') && written[index - 1] === peer,
    );
    if (cut > 0 && peer.includes(':') && /^:[0-9]/.test(written.slice(cut).join(''))) {
      return this.forge(grammar, choose, message);
    }
    // The end is what tells who escapes nothing.
    const line = written.join('').slice(0, escapesNothing ? undefined : pick(CUTS, choose));
    const address = derived.namesPeer ? truth : '';
    return {
      service: grammar.service,
      message: message.name,
      line,
      forwarded: escapes && !escapesNothing ? derived.forwarded : undefined,
      address,
    };
  }

  /** Words of a peer who knows what the services write. */
  #hostile(grammar: Grammar, message: MessageRule, choose: Choose, spaces: boolean): string {
    let text = '';
    for (let pieces = choose(4); pieces > 0; pieces--) {
      text += this.#piece(grammar, message, choose);
      if (choose(4) === 0) text += ' ';
    }
    if (choose(60) === 0) text = this.#long(text, choose);
    if (!spaces) text = text.replaceAll(' ', choose(2) === 0 ? '' : '\t');
    return text.slice(0, MAX_USER_CHARACTERS[grammar.service]);
  }

  /** Long enough to be cut, now and then longer than any line. */
  #long(text: string, choose: Choose): string {
    const padding = pick(SIGNS, choose).repeat(choose(choose(20) === 0 ? 9000 : 1100));
    return choose(2) === 0 ? text + padding : padding + text;
  }

  #piece(grammar: Grammar, message: MessageRule, choose: Choose): string {
    switch (choose(8)) {
      case 0:
        return pick(['root', 'x', 'a b', '-', '4711'], choose);
      case 1:
      case 2:
        return pick(SIGNS, choose);
      case 3:
        return pick(DECOYS, choose);
      case 4: {
        const other = choose(3) === 0 ? pick(this.#grammars, choose) : grammar;
        return part(this.#decoyLine(other, pick(other.messages, choose), choose), choose);
      }
      default:
        return part(this.#decoyLine(grammar, message, choose), choose);
    }
  }

  /** A line of a message that names a decoy, in the pieces that it is made of. */
  #decoyLine(grammar: Grammar, { body }: MessageRule, choose: Choose): readonly string[] {
    const words = () => pick(['', 'x', 'y', '4711', '0'], choose);
    const rules = this.#rulesOf(grammar);
    return new Derivation(rules, choose, pick(DECOYS, choose), words, escaped).write(body);
  }

  #rulesOf(grammar: Grammar): ReadonlyMap<string, Expression> {
    return this.#rules.get(grammar) ?? new Map();
  }
}

/** One way through a message, with a peer in it. */
class Derivation {
  readonly #rules: ReadonlyMap<string, Expression>;
  readonly #choose: Choose;
  readonly #peer: string;
  /** Words for a field; without spaces where the field can have none. */
  readonly #words: (spaces: boolean) => string;
  readonly #escaped: (words: string) => string;
  namesPeer = false;
  forwarded: string | undefined;

  constructor(
    rules: ReadonlyMap<string, Expression>,
    choose: Choose,
    peer: string,
    words: (spaces: boolean) => string,
    escape: (words: string) => string,
  ) {
    this.#rules = rules;
    this.#choose = choose;
    this.#peer = peer;
    this.#words = words;
    this.#escaped = escape;
  }

  write(expression: Expression): string[] {
    const choose = this.#choose;
    switch (expression.type) {
      case 'literal':
        return [String.fromCharCode(...expression.bytes)];
      case 'header-field':
        return [expression.field];
      case 'name': {
        const body = this.#rules.get(expression.name);
        return body ? this.write(body) : [];
      }
      case 'choice':
        return this.write(pick(expression.branches, choose));
      case 'optional':
        return choose(2) === 0 ? [] : this.write(expression.body);
      case 'sequence':
        return expression.items.flatMap((item) => this.write(item));
      case 'field':
        switch (expression.field) {
          case 'ADDRESS':
            this.namesPeer = true;
            return [this.#peer];
          case 'ENDPOINT':
            this.namesPeer = true;
            return [endpoint(this.#peer, choose)];
          case 'DOTTED-ENDPOINT':
            this.namesPeer = true;
            return [`${this.#peer}.${1 + choose(65_535)}`];
          case 'PORT':
          case 'SESSION-PORT':
            return [String(choose(65_536))];
          case 'INT':
          case 'SESSION-PID':
          case 'STATUS':
            return [String(choose(100_000))];
          case 'SESSION':
            // The service's own words.
            return [choose(0x7fff_ffff).toString(16)];
          case 'WORD':
            return [this.#words(false) || 'w'];
          case 'QUOTED':
          case 'QUOTED-USER':
          case 'REQUEST':
          case 'REFERRER':
          case 'AGENT':
            // The service escapes what would end the text.
            return [this.#escaped(this.#words(true))];
          case 'FORWARDED':
            // What the client says comes first; the proxy appends.
            this.forwarded = `${this.#escaped(this.#words(true))}, ${FORWARDED}`;
            return [this.forwarded];
          case 'BARE':
          case 'BARE-USER':
          case 'METHOD':
            // The service puts all else in quotes.
            return [this.#words(false).replaceAll(/[ "]/g, '') || 'b'];
          case 'USER':
          case 'TEXT':
            return [this.#words(true)];
        }
    }
  }
}

function endpoint(peer: string, choose: Choose): string {
  const port = 1 + choose(65_535);
  return peer.includes(':') && choose(2) === 0 ? `[${peer}]:${port}` : `${peer}:${port}`;
}

/** As JSON and web servers write it, unless it is that already. */
function escaped(words: string): string {
  return words.replaceAll(/\\?["\\]/g, (text) => (text.length > 1 ? text : `\\${text}`));
}

/** All of a line, its end, its beginning or its middle. */
function part(pieces: readonly string[], choose: Choose): string {
  const from = choose(3) === 0 ? 0 : choose(pieces.length + 1);
  const to = choose(3) === 0 ? from + choose(pieces.length + 1 - from) : pieces.length;
  return pieces.slice(from, to).join('');
}

function pick<Value>(from: readonly Value[], choose: Choose): Value {
  return from[choose(from.length)] as Value;
}
