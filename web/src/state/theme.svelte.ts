// Dark, light, or as the system has it.

const themes = ["system", "dark", "light"] as const;
type Theme = (typeof themes)[number];

const stored = "corrgraph.theme";

export class Themes {
  readonly #system = matchMedia("(prefers-color-scheme: light)");
  choice: Theme = $state(themes.find((t) => t === localStorage.getItem(stored)) ?? "system");
  #systemLight = $state(this.#system.matches);
  readonly light: boolean = $derived(this.choice === "light" || (this.choice === "system" && this.#systemLight));

  /** Follows the system until the function that it returns is called. */
  start(): () => void {
    const changed = () => (this.#systemLight = this.#system.matches);
    this.#system.addEventListener("change", changed);
    return () => this.#system.removeEventListener("change", changed);
  }

  /** Goes on to the next choice; after the system's, the one that looks different comes first. */
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
