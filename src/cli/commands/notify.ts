import { Argument, type Command } from 'commander';
import { nounText } from '../../count-text.ts';
import { deliver } from '../../engine/notify/deliver.ts';
import { NOTIFY_TYPES, type NotifyType, notify } from '../../engine/notify/event.ts';
import { findEvents } from '../../engine/notify/find-events.ts';
import { notificationJson, sendNotifications } from '../../engine/notify/send-notifications.ts';
import { notifyTarget } from '../config/notify-target.ts';
import type { Context } from '../context.ts';
import { findings } from '../findings.ts';
import { printable } from '../text/printable.ts';

export function define(command: Command, context: Context): void {
  command
    .description(
      'Sends notifications of the events that [notify] in the configuration chooses: runs its command with the event as JSON on standard input, or posts it to its URL. What cannot be sent waits for the next run; cron(8) runs it every minute.',
    )
    .addArgument(
      new Argument('[test]', 'send a notification that says it is a test').choices(['test']),
    )
    .addHelpText(
      'after',
      `
Examples:
  mcblock notify test
  mcblock notify

At most notify.limit notifications are sent in an hour; the last of them says how many were left out.
`,
    )
    .action((what?: string) => (what === undefined ? notifyAll(context) : test(context)));
}

async function notifyAll(context: Context): Promise<void> {
  const config = await context.config();
  const target = notifyTarget(config);
  const store = await context.store('change');
  const { now } = context;
  const events = config.get('notify.events');
  const types: ReadonlySet<NotifyType> = new Set(events.length === 0 ? NOTIFY_TYPES : events);
  const limits = {
    widest4: config.get('notify.wider4'),
    widest6: config.get('notify.wider6'),
    entries: config.get('notify.entries'),
    failures: config.get('notify.failures'),
  };
  const rules = new Map(
    config
      .get('rule')
      .flatMap(({ name, effects: { notify: isTold } }) =>
        isTold === undefined ? [] : [[name, isTold] as const],
      ),
  );
  for (const event of findEvents(store, types, rules, limits, now)) notify(store, event, now);
  if (types.has('problem')) {
    for await (const { name, state, text, log } of findings(context)) {
      if (state !== 'problem') continue;
      notify(store, { type: 'problem', check: name, text: printable(text), log }, now);
    }
  }
  const send = (text: string) => deliver(target, text);
  const result = await sendNotifications(store, send, config.get('notify.limit'), now);
  const { sent, leftOut } = result;
  if (context.options.json) context.json(result);
  else if (sent > 0) {
    const rest = leftOut === 0 ? '' : `; ${leftOut} left out`;
    context.remark(`${nounText(sent, 'notification', 'notifications')} sent${rest}`);
  }
}

async function test(context: Context): Promise<void> {
  const target = notifyTarget(await context.config());
  const details = { text: 'this is a test' };
  await deliver(target, notificationJson({ type: 'test', at: context.now, details }));
  context.remark('notification sent');
}
