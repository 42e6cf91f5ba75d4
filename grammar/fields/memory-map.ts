/**
 * What lies where in the memory that the scanners share, in bytes from its beginning; from 2,048 to
 * the lines it is told in src/log/skim/assembly/memory-map.ts. This file is both TypeScript and
 * AssemblyScript.
 */

/** The four words of the address found last, i32 each; for IPv4 only the first counts. */
export const WORDS = 1024;

/** The family of that address, 4 or 6, an i32. */
export const FAMILY = 1040;

/** From here on the lines of a log. */
export const LINES = 65_536;

/** That many bytes behind each line can be read, as some of it is read in words of eight bytes. */
export const SPARE_BYTES = 64;

/** What a scanner read: family, four words, and where the user begins and ends (-1: none), i32 each. */
export const READING = 1056;

/** The connections that logs tell of, and behind them the slots where they are found. */
export const CONNECTIONS = 1_048_576;
export const CONNECTION_LIMIT = 65_536;
export const CONNECTION_BYTES = 40;
export const SLOT_COUNT = CONNECTION_LIMIT * 2;

/** What was found in lines that were skimmed, behind them. */
export const FINDINGS = CONNECTIONS + CONNECTION_LIMIT * CONNECTION_BYTES + SLOT_COUNT * 4;
export const FINDING_BYTES = 48;
export const MOST_FINDINGS = 4096;
/** Whole pages. */
export const FINDINGS_END = FINDINGS + MOST_FINDINGS * FINDING_BYTES;
