import type {
  ConnectionRole,
  GrammarMessage,
  MessageKind,
  Scanner,
} from '../../../grammar/notation/scanner.ts';
import type { Line } from '../line.ts';

/** Points by `service.message` that replace those of the grammar; 0: the message is no offence. */
export type PointsByMessage = ReadonlyMap<string, number>;

/** One kind of message and its points by policy. */
export interface MessagePoints {
  readonly id: number;
  readonly service: string;
  readonly message: string;
  readonly kind: MessageKind;
  /** 0 if it is no offence. */
  readonly points: number;
  readonly role: ConnectionRole | undefined;
  /** It tells of a request to a web server, which is in no list. */
  readonly isRequest: boolean;
}

/** The points of every message of every service. */
export class PointsTable {
  /** By the id of the message. */
  readonly messages: readonly MessagePoints[];
  /** The id of the first message of each service. */
  readonly #firstIds: readonly number[];

  constructor(scanners: readonly Scanner[], points: PointsByMessage) {
    this.messages = scanners
      .flatMap(({ service, messages }) =>
        messages.map((message) => pointsOf(service, message, points)),
      )
      .map((message, id) => ({ id, ...message }));
    let first = 0;
    this.#firstIds = scanners.map(({ messages }) => {
      first += messages.length;
      return first - messages.length;
    });
  }

  /** The id of a line's message, if it has one. */
  idOf(line: Line): number {
    return (this.#firstIds[line.service] ?? 0) + line.message;
  }
}

/** What a line counts by itself; a sign counts once a connection. */
export function pointsAlone({ count }: Line, { kind, points, role }: MessagePoints): number {
  return kind !== 'sign' || role !== undefined ? points * count : points;
}

function pointsOf(
  service: string,
  message: GrammarMessage,
  points: PointsByMessage,
): Omit<MessagePoints, 'id'> {
  const { name, kind, role, request } = message;
  return {
    service,
    message: name,
    kind,
    points:
      kind === 'attempt' || kind === 'sign'
        ? (points.get(`${service}.${name}`) ?? message.points)
        : message.points,
    role,
    isRequest: request === 'any',
  };
}
