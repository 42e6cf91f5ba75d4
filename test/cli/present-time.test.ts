import { expect, it } from 'vitest';
import { PresentTime } from '../../src/cli/present-time.ts';

const NOW = Date.UTC(2026, 10, 29, 12) / 1000;
const JUMP = 3650 * 86_400;

function timeOf(isSynchronised: () => boolean) {
  const state = { clock: NOW, written: '' };
  const stderr = {
    isTerminal: false,
    columns: undefined,
    write: (text: string | Uint8Array) => {
      state.written += Buffer.from(text).toString();
    },
  };
  const isClockSynchronised = async () => isSynchronised();
  const clock = () => state.clock;
  return { state, time: new PresentTime({ clock, isClockSynchronised, stderr }, () => ({})) };
}

/** Lets the answer of the system arrive. */
async function answered(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
}

it('goes on without a clock that jumps under a running command, and says so once', async () => {
  const { state, time } = timeOf(() => false);
  expect(time.present).toBe(NOW);
  state.clock += JUMP;
  for (let look = 0; look < 3; look++) {
    expect(time.present).toBeLessThan(NOW + 60);
    await answered();
  }
  expect(state.written).toBe(
    'mcblock: the system clock jumped more than 30 days ahead; ignoring it\n',
  );
  expect(time.toRecord).toBeLessThan(NOW + 60);
});

it('goes on with it if the system says that it is synchronised', async () => {
  const { state, time } = timeOf(() => true);
  expect(time.present).toBe(NOW);
  state.clock += JUMP;
  expect(time.present).toBeLessThan(NOW + 60);
  await answered();
  expect(time.present).toBe(NOW + JUMP);
  expect(state.written).toContain('the system clock is synchronised; using it again');
});
