import type { Scanner } from '../../grammar/notation/scanner.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Warn } from './compression/broken.ts';
import type { Decompressor } from './compression/bzip2.ts';
import { DEFAULT_SIZE_LIMIT_BYTES, decompress } from './compression/decompress.ts';
import type { PointsByMessage } from './offences/points-table.ts';
import type { UserOptions } from './offences/user-conditions.ts';
import { type OwnContent, ownContent } from './own-file.ts';
import type { ProxySearch } from './served-requests.ts';
import type { Source } from './source.ts';

/** How a log is read. */
export interface ReadOptions {
  readonly scanners: readonly Scanner[];
  /** The time zone of lines that name none: an IANA name, or `local` for that of this host. */
  readonly zone: string;
  readonly points: PointsByMessage;
  /** Groups of services that share their users. Default: none. */
  readonly userGroups?: readonly (readonly string[])[];
  /** Conditions of rules on users. Default: none. */
  readonly users?: UserOptions;
  /** The key of the hashes of users, 8 bytes. Default: a new one. */
  readonly userKey?: Uint8Array;
  /** The proxies whose lists of forwarded addresses are believed. Default: none. */
  readonly trustedProxies?: readonly Prefix[];
  /** How likely proxies are found. Default: they are not. */
  readonly proxySearch?: ProxySearch | undefined;
  /** The service that writes the file itself. Default: found from its first lines. */
  readonly service?: string;
  /** The year of the last line. Default: from the time of the file. */
  readonly year?: number;
  /** Called with the bytes read so far, and the total if it is known. */
  readonly onProgress?: (bytesRead: number, bytesTotal: number | undefined) => void;
  /** Default: `auto`. */
  readonly decompressor?: Decompressor;
  /** Default: 4 GiB. */
  readonly sizeLimitBytes?: number;
}

/** Reads only lines of these services; of none named, of all. */
export function narrowed(options: ReadOptions, services: readonly string[]): ReadOptions {
  if (services.length === 0) return options;
  const scanners = options.scanners.filter(({ service }) => services.includes(service));
  return { ...options, scanners };
}

/** The decompressed content of a source, and the service that writes it, if not a syslogd. */
export async function contentOf(
  source: Source,
  options: ReadOptions,
  warn: Warn,
): Promise<OwnContent> {
  const { onProgress, decompressor = 'auto', sizeLimitBytes = DEFAULT_SIZE_LIMIT_BYTES } = options;
  const onBytes = (bytes: number): void => onProgress?.(bytes, source.totalBytes);
  const chunks = decompress(source, { decompressor, sizeLimitBytes, onBytes, warn });
  if (options.service !== undefined) return { chunks, service: options.service, isCertain: true };
  return ownContent(chunks, options.scanners);
}
