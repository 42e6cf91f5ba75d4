import { putAddress } from '../../../grammar/notation/instance.ts';
import { skimModule } from '../skim/module.ts';
import type { LogTime } from '../time/clock.ts';
import type { AddressWords } from './address-table.ts';

let logs = 0;

/**
 * Several lines of one connection tell of one attempt: what a connection counts is the sum of its
 * attempts, or, had it none, its strongest sign. A connection is the lines of one service, process
 * and address. The latest 65,536 connections are known, of all logs that are read; they are kept in
 * the memory of the scanners (src/log/skim/assembly/connections.ts).
 */
export class Connections {
  /** The number of the log whose connections these are. */
  readonly log = ++logs;

  /**
   * What a line adds to the points of its address: the growth of its connection's total. `pid` -1:
   * the line stands alone.
   */
  add(
    service: number,
    pid: number,
    address: AddressWords,
    time: LogTime,
    isAttempt: boolean,
    points: number,
  ): number {
    if (pid < 0) return points;
    putAddress(address);
    // Only how much later it is counts, which 32 bits tell of known times and of others.
    return skimModule().connect(this.log, service, pid, time >>> 0, isAttempt, points) >>> 0;
  }
}
