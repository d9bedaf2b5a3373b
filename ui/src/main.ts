import "./styles/fonts.css";
import "./styles/tokens.css";
import "./styles/base.css";

import { mount } from "svelte";

import App from "./App.svelte";
import { client } from "./api/client";
import { httpTransport } from "./api/http";
import type { Transport } from "./api/transport";
import { prefs } from "./state/prefs.svelte";

async function transport(): Promise<Transport> {
  if (import.meta.env.DEV && new URLSearchParams(location.search).has("fake")) {
    // The development server only: a build drops this branch and the market behind it.
    const { fakeTransport } = await import("./test/fake");
    return fakeTransport(new URLSearchParams(location.search));
  }
  if ("__TAURI_INTERNALS__" in window) return (await import("./api/tauri")).tauriTransport();
  return httpTransport(location.origin);
}

prefs.apply();
client.connect(await transport());
mount(App, { target: document.getElementById("app") as HTMLElement });
