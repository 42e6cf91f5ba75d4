import { describe } from 'vitest';
import { describeApi } from './api.ts';
import { describeKill } from './kill.ts';
import { sqlitePlace } from './sqlite-place.ts';
import { describeFleetStore } from './store-contract.ts';

describe("the fleet's store in SQLite", () => describeFleetStore(sqlitePlace));

describe('the server on SQLite', () => describeApi(sqlitePlace));
describe('the server process on SQLite', () => describeKill(sqlitePlace));
