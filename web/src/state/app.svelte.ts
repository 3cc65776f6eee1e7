// The state of one page, and how its parts reach it.

import { createContext } from "svelte";
import { Clock } from "./clock.svelte";
import { Details } from "./details.svelte";
import { Keys } from "./keys.svelte";
import { Market } from "./market.svelte";
import { Replay } from "./replay.svelte";
import { Router } from "./route.svelte";
import { Themes } from "./theme.svelte";

/** Everything that outlives a view. It reads the address and the browser's storage when it is
 * made; it asks nothing and listens to nothing before it is started. */
export class AppState {
  readonly clock = new Clock();
  readonly router = new Router();
  readonly theme = new Themes();
  readonly market = new Market();
  readonly details = new Details();
  readonly replay = new Replay(this);
  readonly keys = new Keys(this);

  /** Starts timers, listeners and the stream; the function that it returns ends them all,
   * and every request that is still running. */
  start(): () => void {
    const ends = [this.router, this.theme, this.clock, this.market].map((part) => part.start());
    return () => {
      ends.forEach((end) => end());
      this.details.stop();
      this.replay.stop();
    };
  }
}

/** The state of the page that a component is part of. */
export const [app, provideApp] = createContext<AppState>();
