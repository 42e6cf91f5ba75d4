import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { textImports } from './scripts/text-imports.mjs';

/**
 * Tests that start processes, servers, browsers or network namespaces, run whole commands or compile
 * grammars, or take more than a second. Each file has a process of its own; unit tests share theirs.
 */
const SYSTEM = ['test/end-to-end/**/*.test.ts', 'test/**/*.system.test.ts'];

export default defineConfig({
  plugins: [textImports],
  test: {
    globalSetup: 'test/support/global-setup.mjs',
    setupFiles: 'test/support/seed.ts',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Vitest leaves one processor idle, which is half of a small machine. Many tests wait for timers.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
    // Else Vitest empties style sheets, imported as text too.
    css: true,
    // Logs without a zone are read in that of the host.
    env: { TZ: 'UTC' },
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: SYSTEM, isolate: false },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: SYSTEM,
          // Only for what hangs: a busy machine takes its time.
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts', 'grammar/**/*.ts'],
      // AssemblyScript, which runs as WebAssembly, and what runs in a browser.
      exclude: ['grammar/fields/**', 'src/fleet/pubsub/page/**', 'src/fleet/admin-page/**'],
      reporter: ['text-summary', 'html'],
    },
  },
});
