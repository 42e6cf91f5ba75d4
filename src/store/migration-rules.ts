/** A migration, as in schema.ts: the rules of the policy that decided points and activations. */
export const RULES = `
-- Names of rules; NULL for none.
ALTER TABLE entry ADD COLUMN rule TEXT;
ALTER TABLE activation ADD COLUMN rule TEXT;
ALTER TABLE pending ADD COLUMN rule TEXT;
ALTER TABLE spent ADD COLUMN rule TEXT;
`;
