#!/usr/bin/env node
require('../dist/mcblock.cjs').start();
