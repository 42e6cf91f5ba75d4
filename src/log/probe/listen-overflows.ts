import { readFileSync } from 'node:fs';

const NETSTAT = '/proc/net/netstat';

/**
 * How many connections the kernel has dropped because the queue of a socket that listens was full;
 * of all sockets of this host. Undefined where the kernel does not tell.
 */
export function readOverflows(file = NETSTAT): number | undefined {
  try {
    const [names = [], values = []] = readFileSync(file, 'latin1')
      .split('\n')
      .filter((line) => line.startsWith('TcpExt: '))
      .map((line) => line.split(' '));
    const index = names.indexOf('ListenOverflows');
    return index < 0 ? undefined : Number(values[index]);
  } catch {
    return undefined;
  }
}

export function overflowsSince(before: number | undefined): number | undefined {
  const now = readOverflows();
  return before === undefined || now === undefined ? undefined : now - before;
}
