import { userInfo } from 'node:os';
import { bogonEntries } from '../blocklist/bogons.ts';
import type { Seconds } from '../blocklist/entry.ts';
import type { Policy } from '../blocklist/policy.ts';
import { type Geo, loadGeo } from '../engine/geo.ts';
import type { Host } from '../engine/host/host.ts';
import { onePolicy, type Policies } from '../engine/policies.ts';
import { McblockError } from '../errors.ts';
import type { StoreMode } from '../store/open.ts';
import { openReader, type StoreReader } from '../store/reader.ts';
import type { Store } from '../store/store.ts';
import { type Config, loadConfig } from './config/config.ts';
import { policyOf } from './config/policies.ts';
import type { ConfiguredRules } from './policy/policy-rules.ts';
import { PresentTime } from './present-time.ts';
import { lastingSink, type Sink } from './sink.ts';
import { refuseNewBesideRoots, storePath } from './store-location.ts';
import { type Colours, loadColours } from './text/colours.ts';
import { jsonText } from './text/json-text.ts';
import { type Column, type Paint, tableLines } from './text/table.ts';
import { wrapLines } from './text/wrap.ts';

/** A command that changes more existing entries than this cannot be undone. */
const MAX_UNDONE = 250_000;
const MAX_USER_CHARACTERS = 64;
/** Output is written in pieces of about this size. */
const WRITE_CHARACTERS = 65_536;

/** What the command line needs from the process; tests pass their own. */
export interface Environment {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly env: NodeJS.ProcessEnv;
  readonly version: string;
  readonly clock: () => Seconds;
  /** Whether the clock is known to be right; default: ask the system. */
  readonly isClockSynchronised?: () => Promise<boolean>;
  /** The machine that doctor and setup examine; default: this one. */
  readonly host?: Host;
  /** A file of the program that every user should be able to read; default: this one. */
  readonly programFile?: string;
  /** Runs another command line; set by main. */
  readonly run?: (argv: readonly string[]) => Promise<number>;
}

/** The options common to all commands. */
export interface CommonOptions {
  readonly db?: string;
  readonly config?: string;
  readonly now?: string;
  readonly json?: true;
  readonly quiet?: true;
  readonly verbose?: true;
  readonly yes?: true;
  readonly color: boolean;
}

/** The command as it is recorded. */
export interface CommandLineText {
  /** The command line from the command on, as typed; may be shortened. */
  readonly text: string;
  /** Whether `undo` can undo it. */
  readonly isUndoable: boolean;
}

/** What the commands work with. Everything is created on first use. */
export class Context {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly env: NodeJS.ProcessEnv;
  /** Sets the exit code of a command that succeeded: `check` uses 1 for "not on the blocklist". */
  readonly exit: (code: number) => void;
  readonly time: PresentTime;
  /** See Environment. */
  readonly host: Host | undefined;
  readonly programFile: string;
  /** Runs another command line with the same environment. Returns its exit code. */
  readonly run: (argv: readonly string[]) => Promise<number>;
  readonly #options: () => CommonOptions;
  readonly #command: CommandLineText;
  #config: Promise<Config> | undefined;
  #geo: Promise<Geo | undefined> | undefined;
  #store: Store | undefined;
  #reader: StoreReader | undefined;
  #storeMode: StoreMode | undefined;
  #copy: Store | undefined;
  #mustFinish = false;
  #outputError: unknown;

  constructor(
    environment: Environment,
    options: () => CommonOptions,
    exit: (code: number) => void,
    command: CommandLineText = { text: '', isUndoable: false },
  ) {
    this.stdout = lastingSink(
      environment.stdout,
      (error) => {
        this.#outputError ??= error;
      },
      () => this.#mustFinish,
    );
    this.stderr = environment.stderr;
    this.env = environment.env;
    this.exit = exit;
    this.host = environment.host;
    this.programFile = environment.programFile ?? import.meta.filename;
    this.run = environment.run ?? (async () => 1);
    this.#command = command;
    this.#options = options;
    this.time = new PresentTime(environment, options);
  }

  get options(): CommonOptions {
    return this.#options();
  }

  /** The time at which the command acts; see PresentTime. */
  get now(): Seconds {
    return this.time.now;
  }

  config(): Promise<Config> {
    this.#config ??= loadConfig(this.options.config, this.env);
    return this.#config;
  }

  /**
   * Reads the configuration again and runs `work` with it. If either fails, the old configuration
   * stays in force.
   */
  async withFreshConfig<T>(work: () => Promise<T>): Promise<T> {
    const [old, oldGeo] = [this.#config, this.#geo];
    this.#config = undefined;
    this.#geo = undefined;
    try {
      return await work();
    } catch (error) {
      this.#config = old;
      this.#geo = oldGeo;
      throw error;
    }
  }

  async policy(): Promise<Policy> {
    return policyOf(await this.config());
  }

  /** The policy for each address. @param rules default: those for requests without events */
  async policies(rules?: ConfiguredRules): Promise<Policies> {
    const [config, geo] = [await this.config(), await this.geo()];
    if (config.get('rule').length === 0) return onePolicy(policyOf(config));
    // Loaded only here: commands without rules must not pay for them.
    const { policiesOf } = await import('./policy/policy-rules.ts');
    return policiesOf(config, geo, rules);
  }

  /** The geolocation databases; undefined if none is configured. */
  geo(): Promise<Geo | undefined> {
    this.#geo ??= this.config().then((config) =>
      loadGeo({ country: config.get('geo.country'), network: config.get('geo.network') }),
    );
    return this.#geo;
  }

  /** The store, for commands that change it or read more than entries; closed when the command ends. */
  async store(mode: StoreMode): Promise<Store> {
    if (this.#store) return this.#store;
    // Loaded only here: commands that read entries must not pay for it.
    const { openStore } = await import('../store/store.ts');
    // The configuration is checked before anything is touched.
    const config = await this.config();
    const path = storePath(this.options.db, this.env);
    if (mode !== 'dry-run') refuseNewBesideRoots(this.options.db, path);
    if (mode === 'write' || mode === 'change') this.mustFinish();
    this.#store = openStore(path, {
      mode,
      seed: bogonEntries,
      command: {
        ...this.#command,
        user: userOf(this.env),
        now: () => this.time.present,
        mostEntries: MAX_UNDONE,
      },
      present: () => this.time.toRecord,
      outbox:
        config.get('fleet.url') === ''
          ? undefined
          : {
              most: config.get('fleet.outbox-limit'),
              now: () => this.time.present,
              sharesPending: config.get('fleet.share-pending'),
            },
    });
    this.#storeMode = mode;
    await this.time.check(this.#store.clock.latest());
    return this.#store;
  }

  /** The store, to read entries from; closed when the command ends. */
  async reader(): Promise<StoreReader> {
    const opened = this.#store ?? this.#reader;
    if (opened) return opened;
    // The configuration is checked before anything is touched.
    await this.config();
    const path = storePath(this.options.db, this.env);
    refuseNewBesideRoots(this.options.db, path);
    this.#reader = openReader(path, bogonEntries);
    await this.time.check(this.#reader.clock.latest());
    return this.#reader;
  }

  /**
   * The store to change; for a dry run a copy in memory, to which the same is done. It fails where the
   * store itself would be missing.
   */
  async storeOrCopy(mode: 'change' | 'write', isDryRun = false): Promise<Store> {
    if (!isDryRun) return this.store(mode);
    const store = await this.store(mode === 'change' ? 'read' : 'dry-run');
    this.#copy ??= store.copy();
    return this.#copy;
  }

  /**
   * From now on the command continues even if nobody reads its output or it cannot be written: what it
   * changes must not stay half done. Other commands stop then.
   */
  mustFinish(): void {
    this.#mustFinish = true;
  }

  /** Throws what kept output from being written. */
  requireOutput(): void {
    if (this.#outputError !== undefined) throw this.#outputError;
  }

  /** A table on stdout. @param measured see tableLines */
  table<Row>(
    columns: readonly Column<Row>[],
    rows: Iterable<Row>,
    paint?: Paint<Row>,
    measured?: Iterable<Row>,
  ): void {
    this.lines(tableLines(columns, rows, paint, this.columns, measured));
  }

  /** A remark on stderr; nothing with --quiet. */
  remark(text: string): void {
    if (this.options.quiet) return;
    const { columns } = this.stderr;
    this.stderr.write(`${columns === undefined ? text : wrapLines(text, columns)}\n`);
  }

  /** One JSON value on stdout, ending in a newline. */
  json(value: unknown): void {
    this.stdout.write(`${jsonText(value, 2)}\n`);
  }

  /** The columns of the terminal; undefined for JSON, or if stdout is not a terminal. */
  get columns(): number | undefined {
    return this.options.json ? undefined : this.stdout.columns;
  }

  /** Writes lines to stdout, wrapped to the width of the terminal. */
  lines(lines: Iterable<string>): void {
    const { columns } = this;
    let text = '';
    for (const line of lines) {
      text += `${columns === undefined ? line : wrapLines(line, columns)}\n`;
      if (text.length < WRITE_CHARACTERS) continue;
      this.stdout.write(text);
      text = '';
    }
    if (text !== '') this.stdout.write(text);
  }

  /** Colours for stdout; without effect unless it is a terminal. */
  colours(): Promise<Colours> {
    const { stdout, options, env } = this;
    return loadColours(options.color && !env['NO_COLOR'] && stdout.isTerminal);
  }

  close(): void {
    try {
      if (this.#storeMode === 'write' || this.#storeMode === 'change')
        this.#store?.clock.record(this.time.toRecord);
    } catch (error) {
      // The command is done; the disk may be full.
      if (!(error instanceof McblockError)) throw error;
    } finally {
      this.#copy?.close();
      this.#copy = undefined;
      this.#store?.close();
      this.#reader?.close();
      this.#store = undefined;
      this.#reader = undefined;
    }
  }
}

/** Who runs the command: the user that sudo(8) or doas(1) name, else that of the process. */
function userOf(env: NodeJS.ProcessEnv): string {
  const name = env['SUDO_USER'] ?? env['DOAS_USER'] ?? ownName();
  return name.slice(0, MAX_USER_CHARACTERS);
}

function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    // The user has no name.
    return String(process.getuid?.() ?? '');
  }
}
