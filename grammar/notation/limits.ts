/** How many steps a line may take. A step is a position tried, or 64 bytes searched. */
export const STEP_LIMIT = 10_000;

/**
 * From this length on a line may be truncated: sshd writes 1,023 bytes of a message; dropbear, musl's
 * syslog() and many syslogds 1,024 with its header; nginx 2,048.
 */
export const LONG_LINE = 900;
