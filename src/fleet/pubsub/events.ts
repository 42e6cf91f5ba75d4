import type { ServerResponse } from 'node:http';

const MAX_LISTENERS = 64;
/** A browser that does not read is disconnected; it reconnects by itself. */
const MAX_UNREAD_BYTES = 256 * 1024;
const HEARTBEAT_MILLISECONDS = 15_000;

/** Server-sent events (WHATWG HTML, 9.2) for every browser that shows the page. */
export class Events {
  readonly #listeners = new Set<ServerResponse>();
  readonly #heartbeat = setInterval(() => this.#write(':\n\n'), HEARTBEAT_MILLISECONDS).unref();

  get hasListeners(): boolean {
    return this.#listeners.size > 0;
  }

  /** Adds a listener, which gets `first` before all other events. False if there are too many. */
  add(response: ServerResponse, first: { event: string; data: object }): boolean {
    if (this.#listeners.size >= MAX_LISTENERS) return false;
    this.#listeners.add(response);
    response.once('close', () => this.#listeners.delete(response));
    response.write(`retry: 2000\n\n${eventText(first.event, first.data)}`);
    return true;
  }

  send(event: string, data: object): void {
    if (this.hasListeners) this.#write(eventText(event, data));
  }

  close(): void {
    clearInterval(this.#heartbeat);
    for (const response of this.#listeners) response.end();
  }

  #write(text: string): void {
    for (const response of this.#listeners) {
      if (response.writableLength > MAX_UNREAD_BYTES) response.destroy();
      else response.write(text);
    }
  }
}

function eventText(event: string, data: object): string {
  // JSON has no line breaks, which would end the event.
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
