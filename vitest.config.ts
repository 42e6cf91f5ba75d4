import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    // Logs without a zone are read in that of the host.
    env: { TZ: 'UTC' },
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts', 'grammar/**/*.ts'],
      // AssemblyScript, which runs as WebAssembly.
      exclude: ['grammar/fields/**'],
      reporter: ['text-summary', 'html'],
    },
  },
});
