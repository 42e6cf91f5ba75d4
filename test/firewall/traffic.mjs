// What the tests run inside network namespaces, with node alone:
//   traffic.mjs serve                       accepts TCP on port 22, says hello, gives back what comes
//   traffic.mjs probe FROM TO               "open" if TCP from that address is answered, else "closed"
//   traffic.mjs hold FROM TO                a TCP connection that speaks all the time; see below
//   traffic.mjs flood TO,FROM…              UDP from each address, thousands a second; see below
// hold and flood end when standard input does; hold then says "held" if every answer came.
import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';

const PORT = 22;
/** Some thousands a second from each address, which leaves the machine room for the reloads. */
const PACKETS_A_TURN = 4;
const [what, ...args] = process.argv.slice(2);
const actions = { serve, probe, hold, flood };
actions[what](...args);

function serve() {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write('hello\n');
    socket.pipe(socket);
  });
  server.listen(PORT, '::', () => process.stdout.write('ready\n'));
  process.stdin.on('end', () => process.exit()).resume();
}

function probe(from, to) {
  const socket = connect({ host: to, port: PORT, localAddress: from });
  socket.on('data', () => say('open'));
  socket.on('error', () => say('closed'));
  // This end of the cable is let in always, and served after whoever came before.
  const next = connect({ host: to, port: PORT });
  next.on('data', () => setImmediate(() => setImmediate(() => say('closed'))));
  next.on('error', (error) => say(`broken: ${error.code}`));
}

/** The last word. */
function say(state) {
  process.stdout.write(`${state}\n`);
  process.exit();
}

function hold(from, to) {
  const socket = connect({ host: to, port: PORT, localAddress: from });
  let sent = 0;
  let ended = false;
  let answers = '';
  socket.setNoDelay(true);
  socket.on('data', (data) => {
    if (answers === '') process.stdout.write('ready\n');
    answers += data;
    if (answers.length < 'hello\n'.length + sent) return;
    if (ended) say('held');
    sent++;
    setTimeout(() => socket.write('x'), 1);
  });
  socket.on('error', (error) => say(`broken: ${error.code}`));
  process.stdin
    .on('end', () => {
      ended = true;
    })
    .resume();
}

function flood(...pairs) {
  let ready = 0;
  let ended = false;
  const sockets = [];
  for (const pair of pairs) {
    const [to, from] = pair.split(',');
    const socket = createSocket(to.includes(':') ? 'udp6' : 'udp4');
    socket.on('error', () => {});
    sockets.push(socket);
    const send = () => {
      if (ended) return;
      for (let i = 0; i < PACKETS_A_TURN; i++) socket.send('x', 9, to, () => {});
      setTimeout(send, 1);
    };
    socket.bind({ address: from }, () => {
      send();
      if (++ready === pairs.length) process.stdout.write('ready\n');
    });
  }
  process.stdin
    .on('end', () => {
      ended = true;
      for (const socket of sockets) socket.close();
    })
    .resume();
}
