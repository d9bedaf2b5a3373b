import { svelte } from "@sveltejs/vite-plugin-svelte";
import { svelteTesting } from "@testing-library/svelte/vite";
import { defineConfig } from "vitest/config";

/** Where `undertowd` listens unless it is told otherwise. */
const DAEMON = "http://127.0.0.1:8730";

export default defineConfig({
  plugins: [svelte(), svelteTesting()],
  server: {
    host: "127.0.0.1",
    port: 5173,
    strictPort: true,
    proxy: { "/api": { target: DAEMON, ws: true } },
  },
  build: {
    // The oldest engine we run in is WebKitGTK 2.40.
    target: ["es2022", "safari16.4"],
    sourcemap: false,
  },
  test: {
    environment: "jsdom",
    setupFiles: ["src/test/setup.ts"],
    include: ["src/**/*.test.ts"],
    restoreMocks: true,
    testTimeout: 20_000,
    // The contrast test reads the palette; other styles are not looked at.
    css: { include: /tokens\.css/ },
  },
});
