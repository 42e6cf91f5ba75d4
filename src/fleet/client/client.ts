import { McblockError } from '../../errors.ts';
import type { Prefix } from '../../net/prefix.ts';
import type { WidestLengths } from '../../net/wide.ts';
import { FEED_BODY } from '../../validation/feeds.ts';
import { API_REVISION, reportForRevision } from '../revision.ts';
import type { UserKey } from '../user.ts';
import {
  readChanges,
  readFleetFeed,
  readFleetFeeds,
  readKeys,
  readReason,
  readResults,
} from './answers.ts';
import type { ChangesPage, RemoteFeed, RemoteFeedList } from './remote-change.ts';
import type { KeyedReport, ReportResponse } from './report-response.ts';
import { DEFAULT_RETRY, type RetryPolicy, withRetries } from './retry.ts';
import type { ApiRequest, ApiResponse, Transport } from './transport.ts';
import { Version1Client } from './version1-client.ts';

const MALFORMED = new Set([400, 413, 422]);

/**
 * A client of the fleet's API. Every method throws McblockError: 'program' if the server cannot be
 * reached, 'input' for an answer that makes no sense, 'config' if it refuses the login.
 */
export class FleetClient {
  readonly #transport: Transport;
  readonly #retry: RetryPolicy;
  readonly #signal: AbortSignal | undefined;
  #revision: number | undefined;
  #widest: WidestLengths | undefined;
  /** Whether version 2 of the API was not found. */
  #isMissing = false;

  /** @param signal ends the requests under way */
  constructor(transport: Transport, retry = DEFAULT_RETRY, signal?: AbortSignal) {
    this.#transport = transport;
    this.#retry = retry;
    this.#signal = signal;
  }

  get url(): string {
    return this.#transport.url;
  }

  /** The shortest prefix lengths that this user may have blocked; undefined where not stated yet. */
  get widest(): WidestLengths | undefined {
    return this.#widest;
  }

  /**
   * The same server as version 1, once it has shown that it has no version 2: it is acacia. Not if that
   * was the word of a proxy, and the server behind it has stated its revision since.
   */
  get version1(): Version1Client | undefined {
    if (!this.#isMissing || this.#revision !== undefined) return undefined;
    return new Version1Client(this.url, (request) => this.#send(request));
  }

  /** The server's revision of the API; 0 where it states none. */
  async revision(): Promise<number> {
    if (this.#revision === undefined) await this.changes(0, 1);
    return this.#revision ?? 0;
  }

  /**
   * Sends offences, blocks and expiries, with the fields that the server knows. Reports that are
   * sent again with the same keys count once.
   */
  async report(reports: readonly KeyedReport[]): Promise<ReportResponse> {
    const assumed = this.#revision ?? API_REVISION;
    const response = await this.#report(reports, assumed);
    const stated = this.#revision ?? assumed;
    return response.kind === 'malformed' && stated < assumed
      ? this.#report(reports, stated)
      : response;
  }

  /** Adds a prefix to the fleet's allow-list or removes it; harmless when repeated. */
  async allow(method: 'POST' | 'DELETE', body: object): Promise<ReportResponse> {
    const response = await this.#send({ method, path: '/v2/allow', body });
    if (MALFORMED.has(response.status)) return refused('malformed', response);
    // Thrown, it would keep everything after it in the outbox from being sent.
    if (response.status === 403) return refused('forbidden', response);
    return this.#read(response, () => ({ kind: 'processed', results: [] }));
  }

  /**
   * The changes after this number, at most `limit`; undefined if it is a number of another store.
   * @param store the store of the number; empty where it is not known
   */
  async changes(since: number, limit: number, store = ''): Promise<ChangesPage | undefined> {
    const storeParameter = store === '' ? '' : `&store=${encodeURIComponent(store)}`;
    const path = `/v2/entries?since=${since}&limit=${limit}${storeParameter}`;
    const response = await this.#send({ method: 'GET', path });
    if (response.status === 410 && since > 0) return undefined;
    return this.#read(response, (body) => readChanges(body, since));
  }

  /** The keys of the users; undefined if the server is too old to distribute keys. */
  async keys(): Promise<readonly UserKey[] | undefined> {
    return this.#found({ method: 'GET', path: '/v2/keys' }, readKeys);
  }

  /** Gives this user a key. False if the server is too old to distribute keys. */
  async setKey(key: string): Promise<boolean> {
    const request = { method: 'PUT', path: '/v2/key', body: { key } } as const;
    return (await this.#found(request, () => true)) ?? false;
  }

  /** The feeds of the fleet; undefined if the server is too old to have any. */
  async feeds(): Promise<readonly RemoteFeed[] | undefined> {
    return this.#found({ method: 'GET', path: '/v2/feeds' }, readFleetFeeds);
  }

  /** A feed of the fleet; undefined if there is no such feed any more. */
  async feed(name: string): Promise<RemoteFeedList | undefined> {
    return this.#found({ method: 'GET', path: feedPath(name) }, readFleetFeed);
  }

  /** Adds a feed for the whole fleet, or replaces it. */
  async putFeed(name: string, source: string, prefixes: readonly Prefix[]): Promise<void> {
    const body = FEED_BODY.write({ source, prefixes }) as object;
    const response = await this.#send({ method: 'PUT', path: feedPath(name), body });
    await this.#read(response, () => {});
  }

  /** Removes a feed from the whole fleet. Returns whether it existed. */
  async removeFeed(name: string): Promise<boolean> {
    const request = { method: 'DELETE', path: feedPath(name) } as const;
    return (await this.#found(request, () => true)) ?? false;
  }

  /**
   * Repeats the request under way over a new connection. To be called when the network is back: the
   * old connection may take long to notice that it is dead.
   */
  renew(): void {
    this.#transport.close();
  }

  close(): void {
    this.#transport.close();
  }

  async #report(reports: readonly KeyedReport[], revision: number): Promise<ReportResponse> {
    const body = {
      reports: reports.map(({ key, report }) => ({ ...reportForRevision(report, revision), key })),
    };
    // What is above the rate waits in the outbox, and holds up nothing else.
    const response = await this.#send({ method: 'POST', path: '/v2/reports', body }, isFault);
    if (response.status === 429) {
      return { kind: 'later', waitSeconds: response.retryAfterSeconds ?? 0 };
    }
    if (MALFORMED.has(response.status)) return refused('malformed', response);
    return this.#read(response, (answer) => ({
      kind: 'processed',
      results: readResults(answer, reports.length),
    }));
  }

  async #send(
    request: ApiRequest,
    isTemporary?: (status: number) => boolean,
  ): Promise<ApiResponse> {
    const signal = this.#signal;
    const send = () => this.#transport.send({ ...request, signal });
    const response = await withRetries(send, this.#retry, signal, isTemporary);
    this.#revision = response.revision ?? this.#revision;
    this.#widest = response.widest ?? this.#widest;
    return response;
  }

  /** Undefined if there is nothing at this path. */
  async #found<T>(request: ApiRequest, read: (body: Buffer) => T): Promise<T | undefined> {
    const response = await this.#send(request);
    return response.status === 404 ? undefined : this.#read(response, read);
  }

  async #read<T>(
    { status, body }: ApiResponse,
    read: (body: Buffer) => T | Promise<T>,
  ): Promise<T> {
    if (status === 200) {
      try {
        return await read(body);
      } catch (error) {
        if (!(error instanceof McblockError)) throw error;
        throw new McblockError('input', `${this.url}: invalid answer: ${error.message}`, {
          cause: error,
        });
      }
    }
    if (status === 401) {
      throw new McblockError(
        'config',
        `${this.url}: login refused; check fleet.user and fleet.password-file`,
      );
    }
    if (status === 403) {
      throw new McblockError('config', `${this.url}: permission denied: ${readReason(body)}`);
    }
    this.#isMissing ||= status === 404 && this.#revision === undefined;
    throw new McblockError('program', `${this.url}: status ${status}: ${readReason(body)}`);
  }
}

function feedPath(name: string): string {
  return `/v2/feeds/${encodeURIComponent(name)}`;
}

function isFault(status: number): boolean {
  return status >= 500;
}

function refused(kind: 'malformed' | 'forbidden', { body }: ApiResponse): ReportResponse {
  return { kind, reason: readReason(body) };
}
