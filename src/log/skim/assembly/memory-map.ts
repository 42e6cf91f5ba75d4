/**
 * Where `skim` leaves what it found, in the memory that it shares with the scanners; see there for
 * the rest of the map. Numbers of four bytes. This file is both TypeScript and AssemblyScript.
 */

/** Where the line that it stopped at begins, and its newline; -1: that has not come yet. */
export const LINE_START = 2048;
export const LINE_END = 2052;
/** How many lines it passed over before that one, and where the last of them lies. */
export const PASSED = 2056;
export const PASSED_START = 2060;
export const PASSED_END = 2064;
/** The time of the last one, seconds since midnight. */
export const LAST_SECOND = 2068;
/** How many of them must be heard of. */
export const FOUND = 2072;
/** How many lines of which sort were passed over since these were last set to 0. */
export const LINES = 2076;
export const MATCHED = 2080;
export const UNMATCHED = 2084;
export const AMBIGUOUS_LINES = 2088;

/** The host of the line before: 255 bytes at most. */
export const HOST = 2304;
/** Programs: {@link PROGRAM_BYTES} each. */
export const PROGRAMS = 2560;
export const PROGRAM_BYTES = 64;
export const MOST_PROGRAMS = 16;

/** What each message counts: {@link LOGIN}, or points and whether they are of an attempt. */
export const WEIGHTS = 4096;
export const LOGIN = -1;
/** How often each message was passed over. */
export const COUNTS = 32_768;
export const MOST_MESSAGES = 7168;

/** What is told of a line that must be heard of, FINDING_BYTES each. The number of the message among all, and the points; 0 for a login. */
export const MESSAGE = 0;
export const POINTS = 4;
/** Seconds since midnight. */
export const SECOND = 8;
/** How many lines were passed over with it, and where it lies. */
export const NUMBER = 12;
export const START = 16;
export const END = 20;
/** Family and four words. */
export const ADDRESS = 24;
