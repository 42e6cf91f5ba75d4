import { afterAll, beforeAll, describe, it } from 'vitest';
import { openFleetStore } from '../../src/engine/fleet-store.ts';
import { describeApi } from './api.ts';
import { describeKill } from './kill.ts';
import { describeLostConnection } from './lost-connection.ts';
import { type Cluster, findPostgres, startCluster } from './postgres-cluster.ts';
import { describeFleetStore } from './store-contract.ts';

const found = findPostgres();

if ('missing' in found) {
  it.skip(`the fleet's store in PostgreSQL: ${found.missing}`, () => {});
} else {
  let cluster: Cluster;
  beforeAll(async () => {
    // Whether the disk has it when the machine loses power is not what is tested here.
    cluster = await startCluster(found.folder, ['fsync=off', 'synchronous_commit=off']);
  });
  afterAll(() => cluster.stop());

  const backend = () => {
    const db = cluster.emptyDatabase();
    return { db, open: () => openFleetStore(db), remove: async () => {} };
  };
  describe("the fleet's store in PostgreSQL", () => describeFleetStore(backend));
  describe('the connection to PostgreSQL', () =>
    describeLostConnection(() => cluster.emptyDatabase()));
  describe('the server on PostgreSQL', () => describeApi(backend));
  describe('the server process on PostgreSQL', () => describeKill(backend));
}
