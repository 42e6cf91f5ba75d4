import { bogonEntries } from '../../blocklist/bogons.ts';
import { McblockError } from '../../errors.ts';
import { wordsOf } from '../../process/run-program.ts';
import { openStore } from '../../store/store.ts';
import type { Host } from '../host/host.ts';
import { isWrittenBySetup, withDigest } from './digest-line.ts';
import { type Step, stepText } from './step.ts';

/** A copy of a file that the owner wrote. */
const COPY = '.save';

/** Functions that steps need. */
export interface SetupTools {
  /** Runs a command of mcblock. Returns its exit code. */
  readonly mcblock: (args: readonly string[]) => Promise<number>;
  readonly confirm: (question: string) => Promise<boolean>;
  readonly say: (text: string) => void;
}

/** A step after comparison with the machine. */
export interface PreparedStep {
  readonly step: Step;
  /** One line that describes it. */
  readonly text: string;
  /** Whether there is nothing to do. */
  readonly isDone: boolean;
}

/**
 * Compares all steps with the files of the machine before any is carried out. Without `force`, files
 * that the owner changed are not touched: writing one throws McblockError('config'), and removing one
 * leaves it. With `force`, copies of them are kept.
 */
export function prepareSteps(host: Host, steps: readonly Step[], force: boolean): PreparedStep[] {
  return steps.map((step) => {
    if (step.kind === 'store' && host.exists(step.path)) {
      return { step, text: `keep ${step.path}`, isDone: true };
    }
    if (step.kind !== 'write' && step.kind !== 'remove') {
      return { step, text: stepText(step), isDone: false };
    }
    const { path } = step;
    const present = host.text(path);
    if (step.kind === 'write' && present === withDigest(step.text)) {
      return { step, text: `keep ${path}: up to date`, isDone: true };
    }
    const isOwners = present === undefined ? host.exists(path) : !isWrittenBySetup(present);
    if (!isOwners) return { step, text: stepText(step), isDone: false };
    if (force) {
      return { step, text: `${stepText(step)}, with a copy as ${path}${COPY}`, isDone: false };
    }
    if (step.kind === 'remove') {
      return {
        step,
        text: `keep ${path}: not written by setup, or changed since`,
        isDone: true,
      };
    }
    throw new McblockError(
      'config',
      `${path}: not written by setup, or changed since; --force replaces it and keeps a copy as ${path}${COPY}`,
    );
  });
}

/** Throws McblockError if a step fails. The steps before it stay done, and setup can be run again. */
export async function carryOut(
  host: Host,
  steps: readonly PreparedStep[],
  tools: SetupTools,
): Promise<void> {
  for (const { step, text, isDone } of steps) {
    tools.say(text);
    if (!isDone) await carryOutStep(host, step, tools);
  }
}

/** Goes on after a step that fails: what it would remove may be gone. Returns false if any failed. */
export async function carryOutAll(
  host: Host,
  steps: readonly PreparedStep[],
  tools: SetupTools,
): Promise<boolean> {
  let isWell = true;
  for (const step of steps) {
    try {
      await carryOut(host, [step], tools);
    } catch (error) {
      if (!(error instanceof McblockError)) throw error;
      tools.say(`mcblock: ${error.message}`);
      isWell = false;
    }
  }
  return isWell;
}

async function carryOutStep(host: Host, step: Step, tools: SetupTools): Promise<void> {
  switch (step.kind) {
    case 'write':
      copyOwners(host, step.path);
      host.write(step.path, withDigest(step.text), step.mode);
      return;
    case 'edit':
      host.copy(step.path, `${step.path}${COPY}`);
      host.write(step.path, step.text);
      return;
    case 'remove':
      copyOwners(host, step.path);
      host.remove(step.path);
      return;
    case 'store':
      openStore(host.path(step.path), { mode: 'write', seed: bogonEntries }).close();
      return;
    case 'run': {
      const { ok, stderr } = await host.run(step.program, step.args);
      if (!ok && !step.mayFail)
        throw new McblockError('program', `${stepText(step)}: ${wordsOf(stderr)}`);
      return;
    }
    case 'mcblock':
      if ((await tools.mcblock(step.args)) !== 0) {
        throw new McblockError('program', `mcblock ${step.args.join(' ')}: failed`);
      }
      return;
    case 'history':
      await recordHistory(step.args, tools);
      return;
  }
}

function copyOwners(host: Host, path: string): void {
  if (host.exists(path) && !isWrittenBySetup(host.text(path) ?? ''))
    host.copy(path, `${path}${COPY}`);
}

/** A log that cannot be read does not stop setup: attackers are blocked from now on all the same. */
async function recordHistory(args: readonly string[], tools: SetupTools): Promise<void> {
  if ((await tools.mcblock(['grok', '--dry-run', ...args])) !== 0) {
    tools.say('nothing recorded');
    return;
  }
  if (!(await tools.confirm('Record this, and block what is new?'))) {
    tools.say('nothing recorded; to do it later, run mcblock grok');
    return;
  }
  await tools.mcblock(['--quiet', 'grok', '--no-apply', ...args]);
}
