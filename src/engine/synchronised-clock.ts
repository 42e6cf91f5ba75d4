import { runProgram } from '../process/run-program.ts';

const TIME_LIMIT_SECONDS = 5;

interface Question {
  readonly program: string;
  readonly args: readonly string[];
  readonly yes: RegExp;
}

/** What each system's own tool says of its clock, whichever daemon sets it. */
const QUESTIONS: Readonly<Partial<Record<NodeJS.Platform, Question>>> = {
  // timedated asks the kernel (adjtimex(2)), which chrony, ntpd and timesyncd tell.
  linux: {
    program: '/usr/bin/timedatectl',
    args: ['show', '--property=NTPSynchronized', '--value'],
    yes: /^yes$/m,
  },
  openbsd: { program: '/usr/sbin/ntpctl', args: ['-s', 'status'], yes: /\bclock synced\b/ },
  // The leap indicator 11 means that the clock is not synchronised (RFC 5905, 7.3).
  freebsd: {
    program: '/usr/bin/ntpq',
    args: ['-n', '-c', 'rv 0 leap'],
    yes: /\bleap=(00|01|10)\b/,
  },
};

/** Whether the system says that its clock is synchronised. False if it cannot be asked. */
export async function isClockSynchronised(): Promise<boolean> {
  const question = QUESTIONS[process.platform];
  if (question === undefined) return false;
  try {
    const { ok, stdout } = await runProgram(question.program, question.args, {
      timeLimitSeconds: TIME_LIMIT_SECONDS,
    });
    return ok && question.yes.test(stdout.toString('latin1'));
  } catch {
    return false;
  }
}
