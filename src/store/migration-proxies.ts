/** A migration, as in schema.ts: the proxies through which offenders came. */
export const PROXIES = `
ALTER TABLE pending ADD COLUMN proxy TEXT NOT NULL DEFAULT '';
ALTER TABLE spent ADD COLUMN proxy TEXT NOT NULL DEFAULT '';
`;
