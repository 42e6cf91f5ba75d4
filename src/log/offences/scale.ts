import type { Message, MessageKind, Scanner } from '../../../grammar/notation/scanner.ts';
import type { Line } from '../reader.ts';
import { AddressTable } from './address-table.ts';
import { Connections } from './connections.ts';

/** Points by `service.message` that replace those of the grammar; 0: the message is no offence. */
export type PointsByMessage = ReadonlyMap<string, number>;

/** One kind of message, as policy has it. */
export interface Weight {
  readonly service: string;
  readonly message: string;
  readonly kind: MessageKind;
  /** 0 where it is no offence. */
  readonly points: number;
}

/** Says what lines count: the points of policy, once for what one connection tells of. */
export class Scale {
  readonly addresses = new AddressTable();
  /** All messages of all services; {@link weightId} is the place in it. */
  readonly weights: readonly Weight[];
  readonly connections = new Connections();
  /** The place of the first message of each service. */
  readonly firstIds: readonly number[];

  constructor(scanners: readonly Scanner[], points: PointsByMessage) {
    this.weights = scanners.flatMap(({ service, messages }) =>
      messages.map((message) => weightOf(service, message, points)),
    );
    let first = 0;
    this.firstIds = scanners.map(({ messages }) => {
      first += messages.length;
      return first - messages.length;
    });
  }

  /** The number of the message of a line that has one. */
  weightId(line: Line): number {
    return (this.firstIds[line.service] ?? 0) + line.message;
  }

  /**
   * What a line with this message and this address adds to the points of the address. To be asked
   * once for each line, in order.
   */
  pointsOf(line: Line, weight: Weight): number {
    if (weight.points === 0) return 0;
    const { speaker, pid, reading, time } = line;
    const points = pointsAlone(line, weight);
    const isAttempt = weight.kind === 'attempt';
    return this.connections.add(speaker, pid, reading, time, isAttempt, points);
  }
}

/** What a line counts if nothing else is known of its connection; a sign counts once. */
export function pointsAlone({ count }: Line, { kind, points }: Weight): number {
  return kind === 'attempt' ? points * count : points;
}

function weightOf(service: string, message: Message, points: PointsByMessage): Weight {
  const { name, kind } = message;
  const counts = kind === 'attempt' || kind === 'sign';
  return {
    service,
    message: name,
    kind,
    points: counts ? (points.get(`${service}.${name}`) ?? message.points) : 0,
  };
}
