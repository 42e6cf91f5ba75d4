import { defineConfig } from 'vitest/config';
import { textImports } from './scripts/text-imports.mjs';

export default defineConfig({
  plugins: [textImports],
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Else Vitest empties style sheets, imported as text too.
    css: true,
    // Logs without a zone are read in that of the host.
    env: { TZ: 'UTC' },
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts', 'grammar/**/*.ts'],
      // AssemblyScript, which runs as WebAssembly, and what runs in a browser.
      exclude: ['grammar/fields/**', 'src/fleet/pubsub/page/**'],
      reporter: ['text-summary', 'html'],
    },
  },
});
