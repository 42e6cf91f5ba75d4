// What the tests of a fleet run inside network namespaces, with node alone:
//   prober.mjs echo            gives back every UDP packet, on port 9
//   prober.mjs ask ADDRESS     does as it is told on standard input, one JSON object a line, and answers
//                              each with one; it may send from any address. ADDRESS is one that no host
//                              ever blocks.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

const PORT = 9;
const SEND_MILLISECONDS = 1;
/** After so much silence it is found out whether that is because of him. */
const SILENCE_MILLISECONDS = 40;
const LIMIT_MILLISECONDS = 60_000;

const [what, friend] = process.argv.slice(2);

async function echo() {
  const socket = createSocket('udp4');
  socket.on('message', (bytes, { port, address }) => socket.send(bytes, port, address));
  socket.on('error', () => {});
  socket.bind(PORT);
  await once(socket, 'listening');
  process.stdout.write('"ready"\n');
}

async function answer() {
  process.stdout.write('"ready"\n');
  const actions = { isOpen, strike, get };
  for await (const line of createInterface({ input: process.stdin })) {
    const { action, ...said } = JSON.parse(line);
    try {
      process.stdout.write(`${JSON.stringify(await actions[action](said))}\n`);
    } catch (error) {
      process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`);
    }
  }
  process.exit();
}

/** Whether packets from there are let in here. */
async function isOpen({ from, to }) {
  const knocker = await Knocker.open(from, to);
  try {
    knocker.send();
    await passed(to);
    return knocker.answered > 0;
  } finally {
    knocker.close();
  }
}

/**
 * Knocks all the time, appends the text to the file meanwhile, and gives the milliseconds from then
 * to the first packet that was dropped.
 */
async function strike({ from, to, file, text }) {
  const knocker = await Knocker.open(from, to);
  const timer = setInterval(() => knocker.send(), SEND_MILLISECONDS);
  try {
    await passed(to);
    const begunAt = performance.now();
    appendFileSync(file, text);
    while (performance.now() < begunAt + LIMIT_MILLISECONDS) {
      await pause(5);
      if (performance.now() < knocker.answeredAt + SILENCE_MILLISECONDS) continue;
      const answered = knocker.answered;
      await passed(to);
      if (knocker.answered === answered) return knocker.sentAt[answered] - begunAt;
    }
    return null;
  } finally {
    clearInterval(timer);
    knocker.close();
  }
}

/** Waits until the host has seen to every packet that was sent to it before. */
async function passed(to) {
  const knocker = await Knocker.open(friend, to);
  try {
    for (let tries = 0; tries < 1000 && knocker.answered === 0; tries++) {
      knocker.send();
      await pause(5);
    }
    if (knocker.answered === 0) throw new Error(`${to} does not answer`);
    // What was answered before this lies in another socket.
    for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate);
  } finally {
    knocker.close();
  }
}

/** The body of an answer over HTTP. */
async function get({ url }) {
  const asked = request(url);
  asked.end();
  const [response] = await once(asked, 'response');
  let body = '';
  for await (const chunk of response) body += chunk;
  return body;
}

/** Sends packets from one address to another, and counts the answers, which come in order. */
class Knocker {
  sentAt = [];
  answered = 0;
  answeredAt = performance.now();
  #socket = createSocket('udp4');
  #to;

  static async open(from, to) {
    const knocker = new Knocker();
    knocker.#to = to;
    knocker.#socket.on('error', () => {});
    knocker.#socket.on('message', (bytes) => {
      knocker.answered = Number(bytes.toString()) + 1;
      knocker.answeredAt = performance.now();
    });
    knocker.#socket.bind({ address: from });
    await once(knocker.#socket, 'listening');
    return knocker;
  }

  send() {
    const number = this.sentAt.push(performance.now()) - 1;
    // The answer is that of the host; whether it was sent at all is no matter.
    this.#socket.send(String(number), PORT, this.#to, () => {});
  }

  close() {
    this.#socket.close();
  }
}

// What is a class is there from here on.
if (what === 'echo') await echo();
else await answer();
