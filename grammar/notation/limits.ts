/** Steps that one line may take: places tried, and 64 bytes each that are looked through. */
export const STEP_LIMIT = 10_000;

/**
 * From this length on a line may have been cut: sshd writes 1,023 bytes of a message, dropbear,
 * musl's syslog() and many a syslogd 1,024 with what stands before it, nginx 2,048.
 */
export const LONG_LINE = 900;
