/** sd_listen_fds(3) */
const FIRST_DESCRIPTOR = 3;
const MAX_SOCKETS = 512;

/** The descriptors of the sockets that systemd opened for this process; none without it. */
export function inheritedSockets(env: NodeJS.ProcessEnv, pid = process.pid): readonly number[] {
  const { LISTEN_PID, LISTEN_FDS } = env;
  if (LISTEN_PID !== String(pid)) return [];
  const count = Math.min(Number(LISTEN_FDS) || 0, MAX_SOCKETS);
  return Array.from({ length: count }, (_, index) => FIRST_DESCRIPTOR + index);
}
