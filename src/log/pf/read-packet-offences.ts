import { NewPart } from '../checkpoint.ts';
import { peek } from '../compression/peek.ts';
import { type LogSummary, type OffenceOptions, readLines } from '../read-offences.ts';
import { contentOf } from '../read-options.ts';
import type { Chunks, Source } from '../source.ts';
import { filterlogScanner, PF } from './filterlog-scanner.ts';
import { type Interfaces, PacketCollector } from './packet-collector.ts';
import { isPcap } from './pcap.ts';
import { PacketReader } from './reader.ts';

/** How much is examined to distinguish filterlog lines from the output of tcpdump. */
const SAMPLE_BYTES = 65_536;

/**
 * Reads a log of pf: a pcap file, the output of tcpdump, or filterlog lines in a syslogd's file. Every
 * inbound packet that pf blocked on one of these interfaces is an offence of one point; see Packet for
 * what it proves. Throws McblockError('input').
 */
export async function readPacketOffences(
  source: Source,
  options: OffenceOptions,
  external: Interfaces,
): Promise<LogSummary> {
  const warnings: string[] = [];
  // No service writes it itself, whatever its first lines look like.
  const own = { ...options, service: PF };
  const { chunks } = await contentOf(source, own, (text) => warnings.push(text));
  const [head, content] = await peek(chunks, SAMPLE_BYTES);
  if (!isPcap(head) && head.includes(' filterlog')) {
    const scanners = [filterlogScanner(external)];
    const lines = { chunks: content, service: undefined, isCertain: true };
    return readLines(source, lines, { ...options, scanners, points: new Map() }, warnings);
  }
  return readPackets(source, content, options, external, warnings);
}

async function readPackets(
  source: Source,
  chunks: Chunks,
  options: OffenceOptions,
  external: Interfaces,
  warnings: string[],
): Promise<LogSummary> {
  const part = new NewPart();
  const packets = new PacketCollector(source.name, external, options.zone);
  const reader = new PacketReader(source.name, 'any', (packet, offset) => {
    if (offset >= part.from) packets.add(packet);
  });
  const content = await part.read(
    chunks,
    options.known,
    (chunk) => reader.push(chunk),
    () => packets.forget(),
  );
  reader.finish();
  const calendar = reader.clock.calendar(packets.civil, source.fileTime, options.year);
  const { packets: known, unread } = reader.counts;
  if (known === 0 && unread > 0 && part.from < content.bytes) {
    warnings.push(
      `${source.name}: no line or packet of it could be read; --pf reads pcap files of pflogd(8), the output of tcpdump -n -e -tttt (OpenBSD: -ttt), and filterlog lines`,
    );
  }
  return {
    name: source.name,
    content,
    knownCheckpoints: part.knownCheckpoints,
    newFrom: part.from,
    span: packets.span(calendar),
    stretches: [],
    lines: {
      lines: packets.count + unread,
      matched: packets.count,
      unmatched: unread,
      ambiguous: 0,
      cut: 0,
      headless: 0,
    },
    messages: packets.messages,
    offenceCount: packets.offences.length,
    isOutOfOrder: false,
    groups: (spaceAround) => packets.offences.groups(calendar, spaceAround),
    logins: [],
    samples: undefined,
    warnings,
  };
}
