import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

const CHROMIUM = '/usr/bin/chromium';

/** Why there is no browser here; undefined if there is one. */
export const BROWSER_MISSING = existsSync(CHROMIUM) ? undefined : 'chromium is not installed';

interface DevToolsMessage {
  readonly id?: number;
  readonly method?: string;
  readonly params?: object;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

/** A page in Chromium, controlled by the DevTools protocol over a pipe. */
export class Browser {
  readonly #folder = mkdtempSync(join(tmpdir(), 'mcblock-browser-'));
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: DevToolsMessage) => void>();
  /** Errors in the page, and violations of its policy. */
  readonly complaints: string[] = [];
  #session: string | undefined;
  #lastId = 0;

  /** @param headers go with every request */
  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Browser> {
    const browser = new Browser();
    const { targetId } = await browser.#ask('Target.createTarget', { url: 'about:blank' });
    const attached = await browser.#ask('Target.attachToTarget', { targetId, flatten: true });
    browser.#session = String(attached['sessionId']);
    for (const domain of ['Log', 'Runtime', 'Page', 'Network']) {
      await browser.#ask(`${domain}.enable`);
    }
    await browser.#ask('Network.setExtraHTTPHeaders', { headers });
    await browser.#ask('Page.navigate', { url });
    return browser;
  }

  private constructor() {
    const args = ['--headless=new', '--disable-gpu', `--user-data-dir=${this.#folder}`];
    if (process.getuid?.() === 0) args.push('--no-sandbox');
    this.#child = spawn(CHROMIUM, [...args, '--remote-debugging-pipe'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    });
    let text = '';
    (this.#child.stdio[4] as Readable).on('data', (bytes: Buffer) => {
      const parts = (text + bytes.toString()).split('\0');
      text = parts.pop() ?? '';
      for (const part of parts) this.#receive(JSON.parse(part) as DevToolsMessage);
    });
  }

  /** The value of a JavaScript expression in the page. */
  async value<T>(expression: string): Promise<T> {
    const { result } = await this.#ask('Runtime.evaluate', { expression, returnByValue: true });
    return (result as { readonly value: T }).value;
  }

  async resize(width: number, height: number): Promise<void> {
    const screen = { width, height, deviceScaleFactor: 1, mobile: width < 600 };
    await this.#ask('Emulation.setDeviceMetricsOverride', screen);
  }

  /** Such as { 'prefers-color-scheme': 'dark' }. */
  async media(wanted: Readonly<Record<string, string>>): Promise<void> {
    const features = Object.entries(wanted).map(([name, value]) => ({ name, value }));
    await this.#ask('Emulation.setEmulatedMedia', { features });
  }

  async screenshot(file: string): Promise<void> {
    const { data } = await this.#ask('Page.captureScreenshot', { format: 'png' });
    writeFileSync(file, Buffer.from(String(data), 'base64'));
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    // Killed, it would leave child processes that write for a while longer.
    void this.#ask('Browser.close');
    await ended;
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 30 });
  }

  async #ask(method: string, params: object = {}): Promise<Readonly<Record<string, unknown>>> {
    const id = ++this.#lastId;
    const answered = new Promise<DevToolsMessage>((resolve) => this.#waiting.set(id, resolve));
    const session = this.#session === undefined ? {} : { sessionId: this.#session };
    (this.#child.stdio[3] as Writable).write(
      `${JSON.stringify({ id, method, params, ...session })}\0`,
    );
    const { result, error } = await answered;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  }

  #receive(answer: DevToolsMessage): void {
    if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer);
    else if (answer.method === 'Log.entryAdded' || answer.method === 'Runtime.exceptionThrown') {
      this.complaints.push(JSON.stringify(answer.params));
    }
  }
}
