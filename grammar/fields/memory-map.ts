/**
 * The layout of the memory that the scanners share, as byte offsets. This file is both TypeScript
 * and AssemblyScript.
 */

/** The four words of the address found last, i32 each; of an IPv4 address only the first counts. */
export const WORDS = 1024;

/** The family of that address, 4 or 6, an i32. */
export const FAMILY = 1040;

/** The port found last, an i32. */
export const PORT = 1044;

/** What a scanner found in a line; see grammar/notation/reading.ts. */
export const READING = 1056;

/** The lines, from here to the end. */
export const LINES = 65_536;

/** This many bytes after a line are readable, as lines are read eight bytes at a time. */
export const SPARE_BYTES = 64;

/** Whole pages of 64 KiB. */
export const MEMORY_BYTES = 1_048_576;
