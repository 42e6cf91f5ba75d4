import type { Seconds } from '../../blocklist/entry.ts';
import { DAY_SECONDS } from '../../blocklist/policy.ts';
import type { Login } from '../../blocklist/trust.ts';
import type { Address } from '../../net/address.ts';
import type { LogTime } from '../time/clock.ts';

/** Logins with no more than a day between one and the next. */
interface Span {
  /** Index of the service. */
  readonly service: number;
  /** 0: none is named. */
  readonly user: number;
  first: LogTime;
  last: LogTime;
}

/** The accepted logins of a log, by address, service and user. Logins within a day make one span. */
export class LoginSpans {
  readonly #spans = new Map<number, Span[]>();

  get isEmpty(): boolean {
    return this.#spans.size === 0;
  }

  /** @param user its hash, or 0 */
  add(addressId: number, service: number, user: number, time: LogTime): void {
    const spans = this.#spans.get(addressId);
    if (spans === undefined) {
      this.#spans.set(addressId, [{ service, user, first: time, last: time }]);
      return;
    }
    for (let index = spans.length - 1; index >= 0; index--) {
      const span = spans[index];
      if (span === undefined || span.user !== user || span.service !== service) continue;
      if (time < span.first - DAY_SECONDS || time > span.last + DAY_SECONDS) continue;
      span.first = Math.min(span.first, time);
      span.last = Math.max(span.last, time);
      return;
    }
    spans.push({ service, user, first: time, last: time });
  }

  clear(): void {
    this.#spans.clear();
  }

  all(
    addressOf: (id: number) => Address,
    serviceOf: (index: number) => string,
    utc: (time: LogTime) => Seconds,
  ): Login[] {
    return Array.from(this.#spans).flatMap(([id, spans]) =>
      spans.map(({ service, user, first, last }) => ({
        address: addressOf(id),
        service: serviceOf(service),
        user: user === 0 ? undefined : user,
        first: utc(first),
        last: utc(last),
      })),
    );
  }
}
