// Run as a thread. It has a connection of its own, which it opens when this process has given up its
// privileges. What better-sqlite3 adds to its native module is not needed here.
const { parentPort, workerData } = require('node:worker_threads');
const { Database, setErrorConstructor } = require(workerData.module);

setErrorConstructor(Error);
let database;
parentPort.on('message', (isToClose) => {
  if (isToClose) {
    database?.close();
    parentPort.close();
    return;
  }
  const { path } = workerData;
  database ??= new Database(path, path, false, false, true, 0, null, null);
  database.exec('PRAGMA wal_checkpoint(PASSIVE)');
  parentPort.postMessage('done');
});
parentPort.postMessage('ready');
