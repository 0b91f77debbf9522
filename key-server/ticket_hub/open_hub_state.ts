import type { Logger } from "../../shared/log.ts";
import type { TicketHubConfig } from "./config.ts";
import type { HubState } from "./hub_state.ts";
import { LocalHubState } from "./local_hub_state.ts";

/** Does not wait for a broker: signatures need none. */
export async function openHubState({ nats }: TicketHubConfig, log: Logger): Promise<HubState> {
  if (nats === undefined) return new LocalHubState();
  const { NatsHubState } = await import("./nats/nats_hub_state.ts");
  return new NatsHubState(nats, log);
}
