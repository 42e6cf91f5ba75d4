/** A migration, as in schema.ts: what a feed was told is remembered. */
export const FEED_LIMITS = `
ALTER TABLE feed ADD COLUMN min_lines INTEGER NOT NULL DEFAULT 1 CHECK (min_lines >= 1);
ALTER TABLE feed ADD COLUMN max_bytes INTEGER NOT NULL DEFAULT 16777216 CHECK (max_bytes >= 1);
ALTER TABLE feed ADD COLUMN ca TEXT NOT NULL DEFAULT ''; -- a file; empty: the system's certificates
`;
