import { Channel, invoke } from "@tauri-apps/api/core";

import { decodeColumns } from "./columns";
import {
  ApiFailure,
  type CommandName,
  type MarketEvent,
  type Request,
  type Response,
  type Transport,
} from "./transport";

/** Reaches the engine that runs in this very process. */
export function tauriTransport(): Transport {
  return {
    async call<C extends CommandName>(name: C, request: Request<C>): Promise<Response<C>> {
      try {
        const answer = await invoke("rpc", { name, payload: JSON.stringify(request) });
        const read = answer instanceof ArrayBuffer ? decodeColumns(answer) : answer;
        return read as Response<C>;
      } catch (cause) {
        throw ApiFailure.from(cause);
      }
    },
    subscribe(onEvent, onState) {
      let ended = false;
      const channel = new Channel<MarketEvent>();
      channel.onmessage = (event) => {
        if (!ended) onEvent(event);
      };
      onState("connecting");
      invoke("subscribe", { channel }).then(
        () => onState("open"),
        () => onState("lost"),
      );
      return () => {
        ended = true;
      };
    },
  };
}
