// The address, which is the only state of what is shown.

import { href, parse, sharedDefaults, type Params, type Route, type Shared, type View } from "../lib/route";

const stored = "corrgraph.shared";

function remembered(): Shared {
  try {
    return { ...sharedDefaults, ...(JSON.parse(localStorage.getItem(stored) ?? "{}") as Partial<Shared>) };
  } catch {
    return sharedDefaults;
  }
}

export class Router {
  #route: Route = $state.raw(parse(location.pathname, location.search));
  #own: Shared = $state.raw(remembered());
  readonly shared: Shared = $derived({ ...this.#own, ...this.#route.shared });

  /** Follows the address and the clicks on links until the function that it returns is called. */
  start(): () => void {
    // A shared address must say what is only remembered here.
    if (this.view) history.replaceState(null, "", href(this.view, this.#route.params, this.shared));
    const [read, click] = [() => this.#read(), (e: MouseEvent) => this.#click(e)];
    addEventListener("popstate", read);
    document.addEventListener("click", click);
    return () => {
      removeEventListener("popstate", read);
      document.removeEventListener("click", click);
    };
  }

  get view(): View | null {
    return this.#route.view;
  }

  /** The parameters of the current view, which alone may ask. */
  params<V extends View>(_view: V): Params<V> {
    return this.#route.params as Params<V>;
  }

  /** The address of a view, as links have it. */
  to<V extends View>(view: V, params: Partial<Params<V>> = {}): string {
    return href(view, params, this.shared);
  }

  /** Goes to a view. */
  go<V extends View>(view: V, params: Partial<Params<V>> = {}): void {
    this.visit(this.to(view, params));
  }

  /** Changes what this view shows, without a step for the back button. */
  set<V extends View>(view: V, params: Partial<Params<V>>): void {
    history.replaceState(null, "", href(view, { ...this.params(view), ...params }, this.shared));
    this.#read();
  }

  /** Changes how instants and prices are written, here and in later addresses. */
  share(change: Partial<Shared>): void {
    this.#own = { ...this.shared, ...change };
    localStorage.setItem(stored, JSON.stringify(this.#own));
    if (this.view) history.replaceState(null, "", href(this.view, this.#route.params, this.#own));
    this.#read();
  }

  visit(address: string): void {
    history.pushState(null, "", address);
    this.#read();
    scrollTo(0, 0);
    document.getElementById("main")?.focus({ preventScroll: true });
  }

  #read(): void {
    this.#route = parse(location.pathname, location.search);
  }

  /** Links to our own pages change the page without reloading it. */
  #click(e: MouseEvent): void {
    const link = (e.target as Element).closest("a");
    if (!link || e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
    if (link.origin !== location.origin || link.target || link.hasAttribute("download")) return;
    if (!parse(link.pathname, link.search).view) return;
    e.preventDefault();
    this.visit(link.pathname + link.search);
  }
}
