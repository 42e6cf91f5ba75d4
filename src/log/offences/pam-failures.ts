import { asciiBytes, startsWith } from '../bytes.ts';
import type { Line } from '../line.ts';
import type { ConnectionLine } from './connections.ts';

/** How long before a success the failure of another module may be. */
const MAX_SECONDS = 10;
/** Only the latest failures are known, up to twice as many. */
const MAX_FAILURES = 1024;
const PAM = asciiBytes('pam_');
const OPENING = 0x28;
const MAX_MODULE_BYTES = 64;

/** A failure that one module of PAM reported. */
interface PamFailure extends ConnectionLine {
  readonly pid: number;
  /** A hash of its name. */
  readonly module: number;
  readonly addressId: number;
  /** The hash of the user; 0 if none is named. */
  readonly user: number;
  points: number;
  /** Its row among the offences, if it counted. */
  row: number;
}

/**
 * The latest failures that modules of PAM reported. Where accounts are in a directory, pam_unix fails
 * first at each login, and the module that knows the account succeeds: that failure is none.
 */
export class PamFailures {
  /** The oldest first. */
  readonly #failures: PamFailure[] = [];

  /**
   * To be called for each line of an offence.
   * @param points what it counted; 0 if its connection had counted before
   */
  add(line: Line, addressId: number, user: number, points: number, row: number): void {
    const module = moduleOf(line);
    if (module === undefined) return;
    const { speaker, host, process, session, time, pid } = line;
    // In one object literal: a line in three may be one of PAM.
    this.#failures.push({
      speaker,
      host,
      process,
      session,
      time,
      pid,
      module,
      addressId,
      user,
      points,
      row,
    });
    // Not one by one, as each would move all others.
    if (this.#failures.length === 2 * MAX_FAILURES) this.#failures.splice(0, MAX_FAILURES);
  }

  /**
   * To be called for each accepted login: the latest failure of another module of the same program,
   * process, user and address within the last ten seconds is none. Returns it if it counted, and no
   * other failure of its connection counts in its place.
   */
  take(line: Line, addressId: number, user: number): Readonly<PamFailure> | undefined {
    if (this.#failures.length === 0) return undefined;
    const module = moduleOf(line);
    if (module === undefined) return undefined;
    const index = this.#failures.findLastIndex(
      (failure) =>
        failure.pid === line.pid &&
        failure.addressId === addressId &&
        failure.user === user &&
        failure.speaker === line.speaker &&
        failure.host === line.host &&
        failure.module !== module &&
        failure.time <= line.time &&
        line.time - failure.time <= MAX_SECONDS,
    );
    if (index < 0) return undefined;
    const [failure] = this.#failures.splice(index, 1);
    if (failure === undefined || failure.points === 0) return undefined;
    const heir = this.#failures.find(
      (other, later) => later >= index && other.points === 0 && isSameConnection(other, failure),
    );
    if (heir === undefined) return failure;
    heir.points = failure.points;
    heir.row = failure.row;
    return undefined;
  }

  clear(): void {
    this.#failures.length = 0;
  }
}

function isSameConnection(p: PamFailure, q: PamFailure): boolean {
  return (
    p.process === q.process &&
    p.session === q.session &&
    p.addressId === q.addressId &&
    p.speaker === q.speaker &&
    p.host === q.host
  );
}

/** The module that speaks, as a hash: pam_unix in `pam_unix(sshd:auth): authentication failure`. */
function moduleOf({ bytes, messageStart, messageEnd, repeatsLast }: Line): number | undefined {
  // The bytes of a line that is repeated are gone.
  if (repeatsLast || !startsWith(bytes, messageStart, messageEnd, PAM)) return undefined;
  const limit = Math.min(messageEnd, messageStart + MAX_MODULE_BYTES);
  let hash = 0;
  for (let at = messageStart + PAM.length; at < limit; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === OPENING) return hash;
    hash = (hash * 31 + byte) | 0;
  }
  return undefined;
}
