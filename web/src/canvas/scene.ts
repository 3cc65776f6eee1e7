// The graph as a picture on a canvas. The picture extends beyond the screen. While the view
// moves, the picture is shifted, which costs the same for any graph. It is redrawn once the
// view is still, or when the view leaves the picture and drawing is fast enough.

import type { Point } from "../lib/lanes";
import { distance, fills, shift, toScreen, whole, zoomed, type Size, type View } from "../lib/view";

export interface SceneNode extends Point {
  id: string;
  label: string; // may have several lines
  size: number; // radius, pixels
  colour: string;
  fill: string; // another than colour: hollow
}

export interface SceneEdge {
  id: string;
  source: string;
  target: string;
  label: string;
  size: number; // width, pixels
  colour: string;
  dash: boolean;
  directed: boolean;
}

export interface SceneTheme {
  text: string;
  panel: string;
}

export interface SceneEvents {
  node(id: string): void;
  edge(id: string): void;
  hover(id: string | null): void;
  /** The place of a height of the graph, 0 to 1, on the screen may have changed. */
  seen(): void;
}

/** How far the picture extends beyond each side, as a share of the screen. */
const beyond = 0.2;
/** While the view moves, drawing may take one part in this many of the time. */
const patience = 4;
/** The view is still once it has not changed for this long, ms. */
const still = 150;
/** A pointer that moves no further than this, in pixels, has clicked. */
const steady = 4;
const font = 'px system-ui, "DejaVu Sans", sans-serif';

export class Scene {
  readonly #box: HTMLElement;
  readonly #on: SceneEvents;
  readonly #canvas = document.createElement("canvas");
  readonly #ctx = this.#canvas.getContext("2d")!;
  readonly #ends = new AbortController();
  readonly #pointers = new Map<number, Point>(); // those that are down
  #nodes: ReadonlyMap<string, SceneNode> = new Map();
  #edges: readonly SceneEdge[] = [];
  #theme: SceneTheme;
  #size: Size = { width: 0, height: 0 };
  #view = whole;
  #drawn: View | null = null; // what the picture was drawn for; null: it must be drawn anew
  #again = 0; // not before this instant is the picture drawn for a view that moves
  #frame = 0;
  #rest: ReturnType<typeof setTimeout> | undefined;
  #gone = 0; // how far the pointer went since it was down
  #hovered: string | null = null;

  constructor(box: HTMLElement, theme: SceneTheme, on: SceneEvents) {
    this.#box = box;
    this.#theme = theme;
    this.#on = on;
    this.#canvas.style.cssText = "position:absolute;transform-origin:0 0;will-change:transform";
    box.append(this.#canvas);
    const resize = new ResizeObserver(() => {
      this.#size = { width: box.clientWidth, height: box.clientHeight };
      this.#stale();
    });
    resize.observe(box);
    const { signal } = this.#ends;
    signal.addEventListener("abort", () => resize.disconnect());
    box.addEventListener("wheel", (e) => this.#wheel(e), { signal, passive: false });
    box.addEventListener("pointerdown", (e) => this.#down(e), { signal });
    box.addEventListener("pointermove", (e) => this.#move(e), { signal });
    box.addEventListener("pointerup", (e) => this.#up(e), { signal });
    box.addEventListener("pointercancel", (e) => this.#pointers.delete(e.pointerId), { signal });
    box.addEventListener("pointerleave", () => this.#hover(null), { signal });
  }

  /** Draws these nodes and edges in place of those before. */
  show(nodes: readonly SceneNode[], edges: readonly SceneEdge[], theme: SceneTheme): void {
    this.#theme = theme;
    this.#nodes = new Map(nodes.map((n) => [n.id, n]));
    this.#edges = edges.filter((e) => this.#nodes.has(e.source) && this.#nodes.has(e.target));
    this.#stale();
  }

  /** Where a height of the graph is on the screen, in pixels from the top. */
  screenY(y: number): number {
    return toScreen({ x: 0, y }, this.#view, this.#size).y;
  }

  /** Shows everything again after somebody moved the view. */
  home(): void {
    this.#look(whole);
  }

  /** Moves the view evenly, by so many pixels within so many milliseconds. */
  async pan(x: number, y: number, within: number): Promise<void> {
    const [from, began] = [this.#view, performance.now()];
    for (let share = 0; share < 1 && !this.#ends.signal.aborted;) {
      const now = await new Promise<number>(requestAnimationFrame);
      share = Math.min(1, Math.max(0, (now - began) / within));
      this.#look({ ...from, x: from.x + x * share, y: from.y + y * share });
    }
  }

  end(): void {
    this.#ends.abort();
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#rest);
    this.#canvas.remove();
  }

  #look(view: View): void {
    this.#view = view;
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#stale(), still);
    this.#soon();
  }

  #stale(): void {
    this.#drawn = null;
    this.#soon();
  }

  #soon(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#update();
    });
  }

  #update(): void {
    const margin = this.#margin();
    let s = this.#drawn && shift(this.#drawn, this.#view);
    if (!s || (!fills(s, margin, this.#size) && performance.now() > this.#again)) {
      this.#draw();
      s = whole;
    }
    const [x, y] = [s.x - margin.width * s.zoom, s.y - margin.height * s.zoom];
    const place = s.zoom === 1 ? Math.round : (v: number) => v; // between two pixels the picture would blur
    this.#canvas.style.transform = `translate(${place(x)}px, ${place(y)}px) scale(${s.zoom})`;
    this.#on.seen();
  }

  #margin(): Size {
    return { width: Math.round(beyond * this.#size.width), height: Math.round(beyond * this.#size.height) };
  }

  #draw(): void {
    const began = performance.now();
    requestAnimationFrame((now) => (this.#again = began + patience * (now - began))); // the next frame waits for this one
    clearTimeout(this.#rest);
    this.#drawn = this.#view;
    const [margin, dots, ctx] = [this.#margin(), devicePixelRatio, this.#ctx];
    const [width, height] = [this.#size.width + 2 * margin.width, this.#size.height + 2 * margin.height];
    this.#canvas.width = width * dots; // clears it, too
    this.#canvas.height = height * dots;
    this.#canvas.style.width = `${width}px`;
    this.#canvas.style.height = `${height}px`;
    ctx.setTransform(dots, 0, 0, dots, margin.width * dots, margin.height * dots);
    ctx.lineJoin = "round";
    const grow = Math.sqrt(this.#view.zoom);
    const at = new Map([...this.#nodes].map(([id, n]) => [id, toScreen(n, this.#view, this.#size)]));
    for (const e of this.#edges)
      this.#line(e, at.get(e.source)!, at.get(e.target)!, this.#nodes.get(e.target)!.size * grow, e.size * grow);
    for (const n of this.#nodes.values()) this.#dot(n, at.get(n.id)!, n.size * grow);
    this.#labels(at, grow);
  }

  /** Draws a line that ends where the dot it points to begins. */
  #line(e: SceneEdge, from: Point, to: Point, radius: number, width: number): void {
    const ctx = this.#ctx;
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    if (length <= radius) return;
    const [ux, uy] = [(to.x - from.x) / length, (to.y - from.y) / length];
    const head = e.directed ? Math.min(length - radius, 3 + 3 * width) : 0;
    const [tip, neck] = [length - radius, length - radius - head];
    ctx.strokeStyle = ctx.fillStyle = e.colour;
    ctx.lineWidth = Math.max(width, 1);
    ctx.setLineDash(e.dash ? [5, 4] : []);
    ctx.beginPath();
    ctx.moveTo(from.x, from.y);
    ctx.lineTo(from.x + ux * neck, from.y + uy * neck);
    ctx.stroke();
    if (head === 0) return;
    const half = 0.42 * head;
    ctx.beginPath();
    ctx.moveTo(from.x + ux * tip, from.y + uy * tip);
    ctx.lineTo(from.x + ux * neck - uy * half, from.y + uy * neck + ux * half);
    ctx.lineTo(from.x + ux * neck + uy * half, from.y + uy * neck - ux * half);
    ctx.fill();
  }

  #dot(n: SceneNode, at: Point, radius: number): void {
    const ctx = this.#ctx;
    const ring = 2.5;
    ctx.setLineDash([]);
    ctx.beginPath();
    ctx.arc(at.x, at.y, radius - ring / 2, 0, 2 * Math.PI);
    ctx.fillStyle = n.fill;
    ctx.strokeStyle = n.colour;
    ctx.lineWidth = ring;
    ctx.fill();
    ctx.stroke();
  }

  /** Writes the labels of nodes, then those of edges; one that would lie on another is left out. */
  #labels(at: ReadonlyMap<string, Point>, grow: number): void {
    const taken: DOMRect[] = [];
    const ctx = this.#ctx;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.lineWidth = 3;
    ctx.strokeStyle = this.#theme.panel;
    ctx.fillStyle = this.#theme.text;
    const write = (lines: readonly string[], size: number, places: readonly Point[]) => {
      const [width, height] = [Math.max(...lines.map((l) => ctx.measureText(l).width)), lines.length * size];
      for (const p of places) {
        const r = new DOMRect(p.x - width / 2, p.y - height / 2, width, height);
        if (taken.some((t) => r.left < t.right && t.left < r.right && r.top < t.bottom && t.top < r.bottom)) continue;
        taken.push(r);
        lines.forEach((l, i) => {
          ctx.strokeText(l, p.x, r.top + (i + 0.5) * size);
          ctx.fillText(l, p.x, r.top + (i + 0.5) * size);
        });
        return;
      }
    };
    ctx.font = `11${font}`;
    for (const n of this.#nodes.values()) {
      const { x, y } = at.get(n.id)!;
      const lines = n.label.split("\n");
      const away = n.size * grow + 2 + 6 * lines.length;
      if (n.label)
        write(lines, 12, [
          { x, y: y + away },
          { x, y: y - away },
        ]);
    }
    ctx.font = `10${font}`;
    for (const e of this.#edges) {
      const [a, b] = [at.get(e.source)!, at.get(e.target)!];
      const between = (share: number) => ({ x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share });
      if (e.label) write([e.label], 11, [between(0.5), between(0.62), between(0.38)]);
    }
  }

  #wheel(e: WheelEvent): void {
    e.preventDefault();
    this.#look(zoomed(this.#view, Math.exp(-0.0015 * e.deltaY * (e.deltaMode === 1 ? 30 : 1)), this.#pixel(e)));
  }

  #down(e: PointerEvent): void {
    if (e.button !== 0) return;
    this.#pointers.set(e.pointerId, this.#pixel(e));
    this.#gone = 0;
    this.#box.setPointerCapture(e.pointerId);
  }

  /** One pressed pointer drags the graph; two also zoom it. */
  #move(e: PointerEvent): void {
    const p = this.#pixel(e);
    const before = this.#pointers.get(e.pointerId);
    if (!before) {
      const id = this.#nodeAt(p);
      this.#box.style.cursor = id !== null || this.#edgeAt(p) !== null ? "pointer" : "";
      this.#hover(id);
      return;
    }
    this.#pointers.set(e.pointerId, p);
    this.#gone += Math.hypot(p.x - before.x, p.y - before.y);
    if (this.#gone <= steady) return;
    const other = [...this.#pointers].find(([id]) => id !== e.pointerId)?.[1];
    if (other)
      this.#look(
        zoomed(
          this.#view,
          Math.hypot(p.x - other.x, p.y - other.y) / (Math.hypot(before.x - other.x, before.y - other.y) || 1),
          other,
        ),
      );
    else this.#look({ ...this.#view, x: this.#view.x + p.x - before.x, y: this.#view.y + p.y - before.y });
  }

  #up(e: PointerEvent): void {
    if (!this.#pointers.delete(e.pointerId) || this.#gone > steady) return;
    const p = this.#pixel(e);
    const [node, edge] = [this.#nodeAt(p), this.#edgeAt(p)];
    if (node !== null) this.#on.node(node);
    else if (edge !== null) this.#on.edge(edge);
  }

  #hover(id: string | null): void {
    if (id !== this.#hovered) this.#on.hover((this.#hovered = id));
  }

  #pixel(e: MouseEvent): Point {
    const box = this.#box.getBoundingClientRect();
    return { x: e.clientX - box.left, y: e.clientY - box.top };
  }

  #nodeAt(p: Point): string | null {
    const grow = Math.sqrt(this.#view.zoom);
    for (const n of [...this.#nodes.values()].reverse()) {
      const at = toScreen(n, this.#view, this.#size);
      if (Math.hypot(p.x - at.x, p.y - at.y) <= n.size * grow + 2) return n.id;
    }
    return null;
  }

  #edgeAt(p: Point): string | null {
    const at = (id: string) => toScreen(this.#nodes.get(id)!, this.#view, this.#size);
    return this.#edges.findLast((e) => distance(p, at(e.source), at(e.target)) <= 3 + e.size / 2)?.id ?? null;
  }
}
