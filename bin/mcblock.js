#!/usr/bin/env node
// Any Node can read this file. The program itself is a syntax error to old ones.
const [major, minor] = process.versions.node.split('.').map(Number);

if (major > 20 || (major === 20 && minor >= 19)) {
  start();
} else {
  console.error(`mcblock needs Node.js 20.19 or later; this is ${process.version}`);
  console.error('for Debian 12 and Ubuntu 24.04, deb.nodesource.com has it: see docs/install.md');
  process.exitCode = 1;
}

function start() {
  const path = `${__dirname}/../dist/mcblock.cjs`;
  if (require('node:fs').existsSync(path)) return require(path).start();
  console.error('mcblock is not built: run npm install and npm run build in its folder');
  process.exitCode = 1;
}
