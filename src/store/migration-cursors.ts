/** A migration, as in schema.ts: how far streams were read. */
export const CURSORS = `
CREATE TABLE cursor (
  source TEXT PRIMARY KEY NOT NULL, -- the folder of a journal; empty: that of this host
  cursor TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;
