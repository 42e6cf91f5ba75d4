import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFleetStore } from '../../src/engine/fleet-store.ts';
import type { Backend } from './store-contract.ts';

/** A new SQLite file in a folder of its own. */
export function sqliteBackend(): Backend & { readonly db: string } {
  const folder = mkdtempSync(join(tmpdir(), 'mcblock-fleet-'));
  const db = join(folder, 'fleet.db');
  return {
    db,
    open: () => openFleetStore(db),
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  };
}
