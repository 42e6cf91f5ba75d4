/** How often a message of a service was seen. */
export interface MessageCount {
  readonly service: string;
  readonly message: string;
  readonly count: number;
}

const MAX_LISTED = 3;

/** The first messages of a list: `sshd: failed-login 81, invalid-user 55, ...`. */
export function messagesText(messages: readonly MessageCount[]): string {
  let text = '';
  let last = '';
  let number = 0;
  for (const { service, message, count } of messages) {
    if (number > 0) text += ', ';
    if (number++ === MAX_LISTED) return `${text}...`;
    text += service === last ? `${message} ${count}` : `${service}: ${message} ${count}`;
    last = service;
  }
  return text;
}

/** Adds to the sum of the same message. */
export function addMessage(
  sums: Map<string, MessageCount>,
  { service, message, count }: MessageCount,
): void {
  const name = `${service} ${message}`;
  sums.set(name, { service, message, count: count + (sums.get(name)?.count ?? 0) });
}

/** Each message once, with the sum of its counts, most frequent first. */
function sumMessages(messages: Iterable<MessageCount>): MessageCount[] {
  const sums = new Map<string, MessageCount>();
  for (const one of messages) addMessage(sums, one);
  return [...sums.values()].toSorted((p, q) => q.count - p.count);
}

/** Why something is blocked: the most frequent messages and the note, as far as there are any. */
export function reasonText(evidence: Iterable<MessageCount>, note: string): string {
  return [messagesText(sumMessages(evidence)), note].filter((text) => text !== '').join('; ');
}
