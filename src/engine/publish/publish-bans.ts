import { isActive, type Seconds } from '../../blocklist/entry.ts';
import type { Config } from '../../cli/config/config.ts';
import type { Context } from '../../cli/context.ts';
import { summedMessages } from '../../cli/text/messages-text.ts';
import { McblockError } from '../../errors.ts';
import { type Ban, MAX_EVIDENCE } from '../../fleet/pubsub/ban.ts';
import type { Publisher } from '../../fleet/pubsub/publisher.ts';
import type { Change } from '../judge/pending-changes.ts';

/** So many bans of one command are rung out, the latest; the API tells of all. */
const LIMIT = 1000;

/** What began to block with these changes, and blocks still. */
export function bansOf(changes: Iterable<Change>, now: Seconds): Ban[] {
  const bans: Ban[] = [];
  for (const { entry, outcome, evidence } of changes) {
    if ((outcome !== 'new' && outcome !== 'reactivated') || !isActive(entry, now)) continue;
    const rows = evidence.flatMap((one) => one.rows).toSorted((p, q) => q.lastSeen - p.lastSeen);
    bans.push({
      prefix: entry.prefix,
      address: rows.find(({ address }) => address !== undefined)?.address,
      expiresAt: entry.expiresAt,
      origin: entry.origin,
      evidence: summedMessages(rows).slice(0, MAX_EVIDENCE),
      note: entry.note,
    });
  }
  return bans;
}

/** Rings for a command that ends then. */
export async function publishBans(context: Context, bans: readonly Ban[]): Promise<void> {
  if (bans.length === 0) return;
  const banPublisher = await BanPublisher.open(await context.config(), (text) =>
    context.remark(text),
  );
  banPublisher?.ring(bans);
  await banPublisher?.close();
}

/**
 * Tells the other machines at once of what began to block here, over Redis. It is only the banPublisher:
 * what does not arrive is no error, as the others ask the API for what they missed.
 */
export class BanPublisher {
  readonly #publisher: Pick<Publisher, 'publish' | 'close'>;
  readonly #remark: (text: string) => void;
  /** What is not rung out yet, the latest. */
  #waiting: Ban[] = [];
  #isRinging: Promise<void> | undefined;

  constructor(publisher: Pick<Publisher, 'publish' | 'close'>, remark: (text: string) => void) {
    this.#publisher = publisher;
    this.#remark = remark;
  }

  /** Undefined where the configuration names no Redis. Throws McblockError('config'). */
  static async open(
    config: Config,
    remark: (text: string) => void,
  ): Promise<BanPublisher | undefined> {
    if (config.get('pubsub.address') === '') return undefined;
    const { openPublisher } = await import('../../cli/config/publisher-settings.ts');
    const publisher = openPublisher(config);
    return publisher && new BanPublisher(publisher, remark);
  }

  /** In the order in which it is asked to. */
  ring(bans: readonly Ban[]): void {
    this.#waiting = [...this.#waiting, ...bans].slice(-LIMIT);
    if (this.#waiting.length === 0) return;
    this.#isRinging ??= this.#ring().finally(() => {
      this.#isRinging = undefined;
    });
  }

  /** When all is rung out. */
  async close(): Promise<void> {
    await this.#isRinging;
    await this.#publisher.close();
  }

  async #ring(): Promise<void> {
    for (let ban = this.#waiting.shift(); ban !== undefined; ban = this.#waiting.shift()) {
      try {
        await this.#publisher.publish(ban);
      } catch (error) {
        if (!(error instanceof McblockError)) throw error;
        // It would not be heard either; and hours later it would be no news.
        this.#waiting = [];
        this.#remark(`mcblock: the other machines were not told at once: ${error.message}`);
      }
    }
  }
}
