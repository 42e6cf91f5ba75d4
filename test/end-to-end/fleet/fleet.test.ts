import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { program } from '../../support/program.ts';
import { FAULTS, floodOf } from './faults.ts';
import { Fleet, NO_FLEET } from './fleet.ts';
import { Trial } from './trial.ts';

const LIMIT_MILLISECONDS = 120_000;
const FLOOD = 100_000;
const WHY = NO_FLEET ? `: ${NO_FLEET}` : '';

describe.skipIf(NO_FLEET)(`a fleet on one machine${WHY}`, { timeout: LIMIT_MILLISECONDS }, () => {
  let fleet: Fleet;
  let trial: Trial;
  beforeAll(async () => {
    fleet = await Fleet.start(program, ['a', 'b', 'c']);
    trial = await Trial.begin(fleet);
  }, LIMIT_MILLISECONDS);
  afterAll(() => fleet?.remove(), LIMIT_MILLISECONDS);

  it('drops offenders in the log of one machine everywhere, and nobody else', async () => {
    const [offender, neighbour] = [trial.fresh(), '5.0.1.9'];
    for (const { address } of fleet.machines) {
      expect(await fleet.attacker.isOpen(offender, address)).toBe(true);
    }
    trial.first.offend(offender);
    await trial.isOut(offender);
    for (const { address } of fleet.machines) {
      expect(await fleet.attacker.isOpen(neighbour, address)).toBe(true);
    }
    await trial.eventually('the API is told', () => {
      return trial.first.listen.logged('posted').length > 1;
    });
  });

  for (const { name, run } of [...FAULTS, floodOf(FLOOD)]) {
    it(`has the same, complete rules everywhere after this: ${name}`, async () => {
      await run(trial);
      await trial.agree();
    });
  }

  it('counted each offence once on every machine', async () => {
    await trial.agree();
    const [first, ...others] = fleet.machines.map((machine) => machine.entries());
    expect(first).toHaveLength(trial.size);
    expect(first?.every((entry) => entry.endsWith(' 1'))).toBe(true);
    for (const entries of others) expect(entries).toEqual(first);
  });
});
