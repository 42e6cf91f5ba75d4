import type { Command } from 'commander';
import { makeSigningKey } from '../../engine/make-signing-key.ts';
import { McblockError } from '../../errors.ts';
import type { FleetClient } from '../../fleet/client/client.ts';
import type { SigningKey } from '../../fleet/pubsub/signing-key.ts';
import { fleetClient } from '../config/fleet-client.ts';
import { requireKeyUser } from '../config/pubsub-settings.ts';
import type { Context } from '../context.ts';

interface KeyOptions {
  readonly replace?: true;
}

export function define(command: Command, context: Context): void {
  command
    .description(
      'Shows the key with which this machine signs what it publishes, and registers its public part with the API, which gives it to the other machines. Makes the key if there is none. The private part is in the file that pubsub.signing-key names, mode 0600, and never leaves it.',
    )
    .option('--replace', 'make a new key in place of the old one')
    .addHelpText(
      'after',
      `
Examples:
  mcblock key             make the key, or show it
  mcblock key --replace   after a break-in; the API announces the change

Daemons that publish (watch, sync --every) read the key when they start: restart them after a change.
Exit code 1 if the API cannot be reached; "mcblock listen" registers a new key later.
`,
    )
    .action((options: KeyOptions) => key(context, options));
}

async function key(context: Context, { replace }: KeyOptions): Promise<void> {
  const config = await context.config();
  const file = config.get('pubsub.signing-key');
  if (file === '') {
    throw new McblockError(
      'config',
      'set pubsub.signing-key to a file, such as "/etc/mcblock/signing.key"',
    );
  }
  requireKeyUser(config);
  const user = config.get('fleet.user');
  const client = fleetClient(config);
  try {
    let isRegistered = false;
    const registerKey = async (made: SigningKey) => {
      await register(client, made);
      isRegistered = true;
    };
    const { key: own, isMade } = await makeSigningKey(file, replace === true, registerKey);
    const { publicKey } = own;
    if (context.options.json) context.json({ user, file, key: publicKey, made: isMade });
    else context.lines([`${publicKey} ${user}`]);
    if (isMade) context.remark(`new key in ${file}`);
    if (!isRegistered) await register(client, own);
    context.remark(`registered with ${client.url}`);
  } finally {
    client.close();
  }
}

async function register(client: FleetClient, { publicKey }: SigningKey): Promise<void> {
  if (await client.setKey(publicKey)) return;
  throw new McblockError('program', `${client.url} is too old to distribute keys; update it`);
}
