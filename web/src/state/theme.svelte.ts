// Dark, light, or as the system has it.

const themes = ["system", "dark", "light"] as const;
type Theme = (typeof themes)[number];

const stored = "corrgraph.theme";
const system = matchMedia("(prefers-color-scheme: light)");

class Themes {
  choice: Theme = $state(themes.find((t) => t === localStorage.getItem(stored)) ?? "system");
  #systemLight = $state(system.matches);
  readonly light: boolean = $derived(this.choice === "light" || (this.choice === "system" && this.#systemLight));

  constructor() {
    system.addEventListener("change", (e) => (this.#systemLight = e.matches));
  }

  /** Goes on to the next choice; what looks different comes first after the system's. */
  next(): void {
    const order: Theme[] = this.#systemLight ? ["system", "dark", "light"] : ["system", "light", "dark"];
    this.choice = order[(order.indexOf(this.choice) + 1) % order.length]!;
    localStorage.setItem(stored, this.choice);
  }

  /** A colour of the theme, for what is drawn and not styled. */
  colour(name: string): string {
    void this.light; // what draws must draw again when it changes
    return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  }
}

export const theme = new Themes();
