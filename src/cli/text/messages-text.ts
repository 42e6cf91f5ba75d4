interface Counted {
  readonly service: string;
  readonly message: string;
  readonly count: number;
}

const SHOWN = 3;

/** The most frequent messages: `sshd: failed-login 81, invalid-user 55, ...`. */
export function messagesText(messages: readonly Counted[]): string {
  let text = '';
  let last = '';
  let number = 0;
  for (const { service, message, count } of messages) {
    if (number > 0) text += ', ';
    if (number++ === SHOWN) return `${text}...`;
    text += service === last ? `${message} ${count}` : `${service}: ${message} ${count}`;
    last = service;
  }
  return text;
}

/** Each message once with how often it was seen in all, the most frequent first. */
export function summedMessages(messages: Iterable<Counted>): Counted[] {
  const sums = new Map<string, Counted>();
  for (const { service, message, count } of messages) {
    const name = `${service} ${message}`;
    sums.set(name, { service, message, count: count + (sums.get(name)?.count ?? 0) });
  }
  return [...sums.values()].toSorted((p, q) => q.count - p.count);
}

/** Why something is blocked: what was seen of it, and what was noted. */
export function whyText(evidence: Iterable<Counted>, note: string): string {
  return [messagesText(summedMessages(evidence)), note].filter((text) => text !== '').join('; ');
}
