import { PENDING_COLUMNS } from './migration-users.ts';

/** A migration, as in schema.ts: activations that a later login undoes. */
export const WITHDRAWALS = `
-- Offences that led to activations of the last window; as pending.
CREATE TABLE spent (${PENDING_COLUMNS}) STRICT, WITHOUT ROWID;

-- Activations that would not have arisen with a login that came later. Their entry may be gone.
CREATE TABLE withdrawal (
  family INTEGER NOT NULL CHECK (family IN (4, 6)),
  length INTEGER NOT NULL CHECK (length BETWEEN 0 AND iif(family = 4, 32, 128)),
  network BLOB NOT NULL CHECK (length(network) = iif(family = 4, 4, 16)),
  at INTEGER NOT NULL CHECK (at >= 0),
  withdrawn_at INTEGER NOT NULL CHECK (withdrawn_at >= 0),
  activation TEXT NOT NULL CHECK (json_valid(activation)), -- as in an export
  PRIMARY KEY (family, length, network, at, withdrawn_at)
) STRICT, WITHOUT ROWID;
`;
