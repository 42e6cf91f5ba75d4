/**
 * No system has larger process numbers (Linux: PID_MAX_LIMIT is 4,194,304). This file is both
 * TypeScript and AssemblyScript.
 */
export const PID_LIMIT = 0x400000;
