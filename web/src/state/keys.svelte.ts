// The keyboard: one list for what keys do and for the sheet that explains them.

import { tick } from "svelte";
import { oddsFormats } from "../lib/format";
import type { AppState } from "./app.svelte";

interface Key {
  key: string;
  label?: string;
  what: string;
  run: () => void;
}

export class Keys {
  /** Whether the sheet of keys is open. */
  sheet = $state(false);
  readonly list: readonly Key[];
  readonly #app: Pick<AppState, "replay" | "router" | "theme">;

  constructor(app: Pick<AppState, "replay" | "router" | "theme">) {
    this.#app = app;
    const { replay, router, theme } = app;
    this.list = [
      { key: "n", what: "what happens now", run: () => router.go("trader") },
      { key: "g", what: "the graph", run: () => this.#panel("graph") },
      { key: "a", what: "the anomalies", run: () => this.#panel("anomalies") },
      { key: "e", what: "events", run: () => router.go("events") },
      { key: "h", what: "who leads whom, as a map", run: () => router.go("leaders") },
      { key: "t", what: "propagation of a move", run: () => router.go("timeline") },
      { key: "s", what: "scorecard", run: () => router.go("scorecard") },
      { key: "p", what: "performance", run: () => router.go("performance") },
      { key: "v", what: "bets and names to review", run: () => router.go("review") },
      { key: "r", what: "readiness", run: () => router.go("readiness") },
      { key: "/", what: "find", run: find },
      { key: "j", what: "next row", run: () => step(1) },
      { key: "k", what: "previous row", run: () => step(-1) },
      { key: "Escape", label: "Esc", what: "leave a field, or go back", run: back },
      {
        key: "u",
        what: "UTC or local time",
        run: () => router.share({ tz: router.shared.tz === "utc" ? "local" : "utc" }),
      },
      { key: "o", what: "decimal, American, fractional odds or probability", run: () => this.#nextOdds() },
      { key: "d", what: "dark, light, or as the system has it", run: () => theme.next() },
      { key: " ", label: "Space", what: "pause, or go back to now", run: () => replay.pause() },
      { key: "[", what: "the graph one step back in time", run: () => this.#replay(-1) },
      { key: "]", what: "and one step on", run: () => this.#replay(1) },
      { key: "?", what: "this sheet", run: () => (this.sheet = !this.sheet) },
    ];
  }

  /** Runs the action of a key, unless somebody is typing. */
  press(e: KeyboardEvent): void {
    if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return;
    const at = e.target as HTMLElement;
    const writing = at.matches("input:not([type=checkbox], [type=range]), select, textarea");
    if (writing) {
      if (e.key === "Escape") at.blur();
      return;
    }
    if (e.key === " " && at.matches("button, a, input, summary")) return; // its own key
    if (this.sheet && e.key !== "?") return; // the dialog has its own
    const k = this.list.find((k) => k.key === e.key);
    if (!k) return;
    e.preventDefault();
    k.run();
  }

  #replay(by: 1 | -1): void {
    if (this.#app.router.view === "trader") void this.#app.replay.step(by);
  }

  #panel(id: string): void {
    const { router } = this.#app;
    if (router.view !== "trader") router.go("trader");
    void tick().then(() => document.getElementById(id)?.focus());
  }

  #nextOdds(): void {
    const { router } = this.#app;
    const i = oddsFormats.indexOf(router.shared.odds);
    router.share({ odds: oddsFormats[(i + 1) % oddsFormats.length]! });
  }
}

function find(): void {
  document.querySelector<HTMLInputElement>("[data-find]")?.focus();
}

function step(by: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")].filter((r) => r.offsetParent !== null);
  const here = document.activeElement ?? document.body;
  const at = rows.findIndex((r) => r.contains(here));
  // From a panel as a whole, the next row is its first.
  const next = at < 0 ? rows.find((r) => here.contains(r)) : rows[Math.min(rows.length - 1, Math.max(0, at + by))];
  const target = next?.matches("a, button") ? next : (next?.querySelector<HTMLElement>("a, button") ?? next);
  target?.focus();
  target?.scrollIntoView({ block: "nearest" });
}

function back(): void {
  if (
    document.activeElement instanceof HTMLElement &&
    document.activeElement !== document.body &&
    document.activeElement.id !== "main"
  ) {
    document.activeElement.blur();
  } else {
    history.back();
  }
}
