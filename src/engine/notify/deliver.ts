import { request } from 'node:https';
import { McblockError, reasonOf } from '../../errors.ts';
import { runProgram, wordsOf } from '../../process/run-program.ts';

/** Where notifications go. */
export type NotifyTarget =
  | { readonly command: readonly [string, ...string[]] }
  | {
      /** https; `{token}` in it stands for the token. */
      readonly url: string;
      /** Sent as Authorization: Bearer, unless the URL has a place for it. */
      readonly token: string | undefined;
      /** Certificates to trust instead of the system's, PEM. */
      readonly ca: Buffer | undefined;
    };

const TIME_LIMIT_SECONDS = 30;
const OUTPUT_LIMIT_BYTES = 65_536;
const TOKEN = '{token}';

/** Sends one text of JSON. Throws McblockError, which names no token. */
export async function deliver(target: NotifyTarget, text: string): Promise<void> {
  if ('command' in target) await run(target.command, text);
  else await post(target, text);
}

async function run([path, ...args]: readonly [string, ...string[]], text: string): Promise<void> {
  const { ok, stderr } = await runProgram(path, args, {
    input: [Buffer.from(text)],
    timeLimitSeconds: TIME_LIMIT_SECONDS,
    outputLimitBytes: OUTPUT_LIMIT_BYTES,
    // The time limit must also end what it started.
    ownGroup: true,
  });
  if (!ok) throw new McblockError('program', `${path}: ${wordsOf(stderr)}`);
}

async function post(
  { url, token = '', ca }: Exclude<NotifyTarget, { command: unknown }>,
  text: string,
): Promise<void> {
  const signal = AbortSignal.timeout(TIME_LIMIT_SECONDS * 1000);
  const isInUrl = url.includes(TOKEN);
  const status = await new Promise<number>((resolve, reject) => {
    const body = Buffer.from(text);
    const sent = request(withToken(url, token), {
      method: 'POST',
      signal,
      headers: {
        'content-type': 'application/json',
        'content-length': body.length,
        'user-agent': 'mcblock',
        ...(token === '' || isInUrl ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(ca === undefined ? {} : { ca }),
    });
    sent.on('response', (response) => {
      // What it says is of no use.
      response.destroy();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end(body);
  }).catch((cause: unknown) => {
    const reason = signal.aborted ? `no answer in ${TIME_LIMIT_SECONDS} s` : reasonOf(cause);
    throw new McblockError('program', `${url}: ${reason}`);
  });
  if (status < 200 || status > 299) throw new McblockError('program', `${url}: status ${status}`);
}

/** The path may have `/`, `:` and the like unescaped; a query may not: `+` is a space there. */
function withToken(url: string, token: string): string {
  return url.replace(TOKEN, (_, at: number) =>
    url.lastIndexOf('?', at) < 0
      ? encodeURI(token).replaceAll(/[?#]/g, encodeURIComponent)
      : encodeURIComponent(token),
  );
}
