import type { Seconds } from '../blocklist/entry.ts';
import type { SubmissionResults } from './submission.ts';

/** The requests of one user to this process. */
export interface Contact {
  lastAt: Seconds | undefined;
  /** As the client calls itself; empty if it does not. */
  agent: string;
  /** Up to which number it has the changes; undefined if it did not ask. */
  sequence: number | undefined;
  reports: number;
  /** Reports that were refused or spared. */
  refused: number;
  /** Reports above the user's budget, which come again. */
  deferred: number;
  /** Why the latest of both. */
  reason: string;
}

const MAX_AGENT_CHARACTERS = 64;

/** Who has asked since the start of the process. Names are those of existing users, which bounds it. */
export class Contacts {
  readonly startedAt: Seconds;
  readonly #contacts = new Map<string, Contact>();

  constructor(startedAt: Seconds) {
    this.startedAt = startedAt;
  }

  of(user: string): Readonly<Contact> {
    return this.#contacts.get(user) ?? newContact();
  }

  seen(user: string, agent: string | undefined, at: Seconds): void {
    const contact = this.#contactOf(user);
    contact.lastAt = at;
    contact.agent = (agent ?? '').slice(0, MAX_AGENT_CHARACTERS);
  }

  /** The user was given the changes up to this number. */
  fetched(user: string, sequence: number): void {
    this.#contactOf(user).sequence = sequence;
  }

  reported(user: string, results: SubmissionResults): void {
    const contact = this.#contactOf(user);
    contact.reports += results.length;
    for (const { outcome, reason } of results) {
      if (outcome === 'deferred') contact.deferred++;
      else if (outcome === 'refused' || outcome === 'spared') contact.refused++;
      else continue;
      contact.reason = reason;
    }
  }

  #contactOf(user: string): Contact {
    const known = this.#contacts.get(user) ?? newContact();
    this.#contacts.set(user, known);
    return known;
  }
}

function newContact(): Contact {
  return {
    lastAt: undefined,
    agent: '',
    sequence: undefined,
    reports: 0,
    refused: 0,
    deferred: 0,
    reason: '',
  };
}
