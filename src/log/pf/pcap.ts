import { McblockError } from '../../errors.ts';

/** How many bytes recognise a pcap file. */
export const PCAP_MAGIC_BYTES = 4;
/** The most that libpcap captures of one packet (MAXIMUM_SNAPLEN). */
const CAPTURE_LIMIT_BYTES = 262_144;
const FILE_HEADER_BYTES = 24;
const PACKET_HEADER_BYTES = 16;
const VERSION_MAJOR = 2;
/** The upper bits of the link type tell whether packets end with a checksum. */
const LINK_TYPE_MASK = 0x03ff_ffff;
const LINKTYPE_PFLOG = 117;
/** With microseconds and with nanoseconds; written in the byte order of the machine. */
const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const MAGIC_NANOSECONDS = 0xa1b23c4d;
/** The same in either byte order. */
const MAGIC_PCAPNG = 0x0a0d0d0a;

/**
 * Takes a packet, bytes[start, end), captured at `seconds` UTC. `offset` is that of its header in the
 * stream. Only valid during the call.
 */
export type CaptureSink = (
  bytes: Buffer,
  start: number,
  end: number,
  seconds: number,
  offset: number,
) => void;

/** Whether it is the beginning of a pcap file, or of a pcapng file, which is refused. */
export function isPcap(head: Buffer): boolean {
  if (head.length < PCAP_MAGIC_BYTES) return false;
  return byteOrderOf(head, 0) !== undefined || head.readUInt32BE(0) === MAGIC_PCAPNG;
}

/**
 * Splits a pcap file (draft-ietf-opsawg-pcap) with pf's link type into packets, however it is chunked.
 * Throws McblockError('input') if it is damaged, truncated or of another kind; nothing of it then
 * counts.
 */
export class PcapSplitter {
  readonly #name: string;
  readonly #sink: CaptureSink;
  /** The beginning of an incomplete piece. */
  #held = Buffer.alloc(1024);
  #heldLength = 0;
  /** What the next piece is, its length, and its offset in the stream. */
  #state: 'file header' | 'packet header' | 'packet' = 'file header';
  #pieceBytes = FILE_HEADER_BYTES;
  #offset = 0;
  #isLittleEndian = false;
  #seconds = 0;
  #packetOffset = 0;
  #packets = 0;

  constructor(name: string, sink: CaptureSink) {
    this.#name = name;
    this.#sink = sink;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      const size = this.#pieceBytes;
      if (this.#heldLength === 0 && chunk.length - at >= size) {
        this.#take(chunk, at);
        at += size;
        continue;
      }
      const taken = Math.min(size - this.#heldLength, chunk.length - at);
      this.#hold(chunk, at, taken);
      at += taken;
      if (this.#heldLength < size) return;
      this.#heldLength = 0;
      this.#take(this.#held, 0);
    }
  }

  finish(): void {
    if (this.#state === 'packet header' && this.#heldLength === 0) return;
    const byte = this.#offset + this.#heldLength;
    const what =
      this.#state === 'file header'
        ? 'in the file header'
        : `in the packet at byte ${this.#state === 'packet' ? this.#packetOffset : this.#offset}`;
    throw new McblockError(
      'input',
      `${this.#name}: truncated at byte ${byte}, after ${this.#packets} packets (${what}); nothing was recorded; if it is still being written, read it after rotation`,
    );
  }

  #hold(chunk: Buffer, start: number, count: number): void {
    const length = this.#heldLength + count;
    if (length > this.#held.length) {
      const grown = Buffer.alloc(Math.max(length, this.#held.length * 2));
      this.#held.copy(grown, 0, 0, this.#heldLength);
      this.#held = grown;
    }
    chunk.copy(this.#held, this.#heldLength, start, start + count);
    this.#heldLength = length;
  }

  /** Reads a complete piece, which tells what the next one is. */
  #take(bytes: Buffer, start: number): void {
    const size = this.#pieceBytes;
    if (this.#state === 'packet') {
      this.#packets++;
      this.#sink(bytes, start, start + size, this.#seconds, this.#packetOffset);
      this.#expect('packet header', PACKET_HEADER_BYTES);
    } else if (this.#state === 'packet header') {
      this.#takePacketHeader(bytes, start);
    } else {
      this.#takeFileHeader(bytes, start);
      this.#expect('packet header', PACKET_HEADER_BYTES);
    }
    this.#offset += size;
  }

  #expect(state: 'packet header' | 'packet', pieceBytes: number): void {
    this.#state = state;
    this.#pieceBytes = pieceBytes;
  }

  #takeFileHeader(bytes: Buffer, start: number): void {
    const order = byteOrderOf(bytes, start);
    if (order === undefined) {
      throw new McblockError(
        'input',
        `${this.#name}: is a pcapng file; convert it with tcpdump -r LOG -w FILE`,
      );
    }
    this.#isLittleEndian = order === 'little';
    const major =
      order === 'little' ? bytes.readUInt16LE(start + 4) : bytes.readUInt16BE(start + 4);
    if (major !== VERSION_MAJOR) {
      throw this.#damaged(4, `unknown version ${major} of the format`);
    }
    const linkType = this.#uint32(bytes, start + 20) & LINK_TYPE_MASK;
    if (linkType !== LINKTYPE_PFLOG) {
      throw new McblockError(
        'input',
        `${this.#name}: not a pf log: link type ${linkType}, not ${LINKTYPE_PFLOG} (PFLOG)`,
      );
    }
  }

  /** Seconds, their fraction, how much was captured, how much there was. */
  #takePacketHeader(bytes: Buffer, start: number): void {
    const captured = this.#uint32(bytes, start + 8);
    if (captured > CAPTURE_LIMIT_BYTES) {
      throw this.#damaged(this.#offset, `a packet of ${captured} bytes is too long`);
    }
    this.#packetOffset = this.#offset;
    this.#seconds = this.#uint32(bytes, start);
    this.#expect('packet', captured);
    if (captured > 0) return;
    this.#packets++;
    this.#sink(bytes, start, start, this.#seconds, this.#packetOffset);
    this.#expect('packet header', PACKET_HEADER_BYTES);
  }

  #uint32(bytes: Buffer, at: number): number {
    return this.#isLittleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  }

  #damaged(byte: number, why: string): McblockError {
    return new McblockError(
      'input',
      `${this.#name}: damaged at byte ${byte}, after ${this.#packets} packets (${why}); nothing was recorded`,
    );
  }
}

function byteOrderOf(bytes: Buffer, at: number): 'big' | 'little' | undefined {
  const big = bytes.readUInt32BE(at);
  if (big === MAGIC_MICROSECONDS || big === MAGIC_NANOSECONDS) return 'big';
  const little = bytes.readUInt32LE(at);
  return little === MAGIC_MICROSECONDS || little === MAGIC_NANOSECONDS ? 'little' : undefined;
}
