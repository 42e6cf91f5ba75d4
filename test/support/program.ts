import { inject } from 'vitest';

/** bin/mcblock.js of the program as it stands in the sources, installed where every user may read it. */
export const program = inject('program');
