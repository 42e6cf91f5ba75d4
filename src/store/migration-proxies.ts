/** A migration, as in schema.ts: the proxies through which offenders came. */
export const PROXIES = `
ALTER TABLE pending ADD COLUMN proxy TEXT NOT NULL DEFAULT '';
ALTER TABLE spent ADD COLUMN proxy TEXT NOT NULL DEFAULT '';
`;

/** As PROXIES: what may be one. */
export const LIKELY_PROXIES = `
-- Prefixes whose offences in a log of a web server did not count, as they may be a proxy.
CREATE TABLE likely_proxy (
  prefix TEXT PRIMARY KEY,
  offences INTEGER NOT NULL CHECK (offences >= 1),
  last_at INTEGER NOT NULL CHECK (last_at >= 0)
) STRICT, WITHOUT ROWID;
`;
