// The graph as sigma draws it: one instance for as long as the panel lives.

import { createNodeBorderProgram } from "@sigma/node-border";
import Graph from "graphology";
import Sigma from "sigma";
import type { Settings } from "sigma/settings";
import type { NodeDisplayData, PartialButFor } from "sigma/types";
import { ArrowLine, PlainLine } from "./dashed";

export interface SceneNode {
  id: string;
  label: string;
  x: number; // 0 to 1
  y: number; // 0 (bottom) to 1
  size: number;
  colour: string;
  fill: string; // another than colour: hollow
}

export interface SceneEdge {
  id: string;
  source: string;
  target: string;
  label: string;
  size: number;
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
  /** Drawn: where a height of the graph, 0 to 1, is on the screen may have changed. */
  drawn(): void;
}

type Label = PartialButFor<NodeDisplayData, "x" | "y" | "size" | "label" | "color">;

export class Scene {
  readonly #graph = new Graph({ multi: true, type: "directed" });
  readonly #sigma: Sigma;
  #aspect = 1;
  #theme: SceneTheme;

  constructor(box: HTMLElement, theme: SceneTheme, on: SceneEvents) {
    this.#theme = theme;
    const label = (ctx: CanvasRenderingContext2D, data: Label, s: Settings) => this.#label(ctx, data, s);
    const round = createNodeBorderProgram({
      borders: [
        { size: { value: 2.5, mode: "pixels" }, color: { attribute: "color" } },
        { size: { fill: true }, color: { attribute: "fill" } },
      ],
      drawLabel: label,
      drawHover: label,
    });
    this.#sigma = new Sigma(this.#graph, box, {
      nodeProgramClasses: { round },
      defaultNodeType: "round",
      edgeProgramClasses: { arrow: ArrowLine, line: PlainLine },
      defaultEdgeType: "arrow",
      renderEdgeLabels: true,
      enableEdgeEvents: true,
      defaultDrawNodeLabel: label,
      defaultDrawNodeHover: label,
      labelDensity: 4,
      labelRenderedSizeThreshold: 0,
      labelSize: 11,
      edgeLabelSize: 10,
      stagePadding: 18,
      minCameraRatio: 0.15,
      maxCameraRatio: 1.6,
      zIndex: true,
      allowInvalidContainer: true, // it has no size while its page is being left
    });
    this.#sigma.on("clickNode", ({ node }) => on.node(node));
    this.#sigma.on("clickEdge", ({ edge }) => on.edge(edge));
    this.#sigma.on("enterNode", ({ node }) => on.hover(node));
    this.#sigma.on("leaveNode", () => on.hover(null));
    this.#sigma.on("afterRender", () => on.drawn());
    this.#sigma.on("resize", () => this.#fit());
    this.#fit();
  }

  /** Draws these nodes and edges in place of those before. */
  show(nodes: readonly SceneNode[], edges: readonly SceneEdge[], theme: SceneTheme): void {
    this.#theme = theme;
    this.#sigma.setSetting("edgeLabelColor", { color: theme.text });
    this.#graph.clear();
    for (const n of nodes) {
      this.#graph.addNode(n.id, { label: n.label, x: n.x * this.#aspect, ownX: n.x, y: n.y, size: n.size, color: n.colour, fill: n.fill, forceLabel: nodes.length <= 40 });
    }
    for (const e of edges) {
      this.#graph.addEdgeWithKey(e.id, e.source, e.target, {
        label: e.label,
        size: e.size,
        color: e.colour,
        dash: e.dash ? 1 : 0,
        type: e.directed ? "arrow" : "line",
        forceLabel: e.label !== "",
      });
    }
  }

  /** Where a height of the graph is on the screen, in pixels from the top. */
  screenY(y: number): number {
    return this.#sigma.graphToViewport({ x: 0, y }).y;
  }

  /** Shows everything again after somebody moved the view. */
  home(): void {
    void this.#sigma.getCamera().animatedReset({ duration: 0 });
  }

  end(): void {
    this.#sigma.kill();
  }

  /** Makes the square of coordinates as wide as the box. */
  #fit(): void {
    const { width, height } = this.#sigma.getDimensions();
    this.#aspect = Math.max(0.4, width / Math.max(1, height));
    this.#sigma.setCustomBBox({ x: [0, this.#aspect], y: [0, 1] });
    this.#graph.forEachNode((id, a) => this.#graph.setNodeAttribute(id, "x", (a["ownX"] as number) * this.#aspect));
  }

  /** Writes a label below its node, legible over lines. */
  #label(ctx: CanvasRenderingContext2D, data: Label, s: Settings): void {
    if (!data.label) return;
    ctx.font = `${s.labelSize}px system-ui, "DejaVu Sans", sans-serif`;
    ctx.textAlign = "center";
    ctx.lineWidth = 3;
    ctx.strokeStyle = this.#theme.panel;
    ctx.fillStyle = this.#theme.text;
    let y = data.y + data.size + 1;
    for (const line of data.label.split("\n")) {
      y += s.labelSize;
      ctx.strokeText(line, data.x, y);
      ctx.fillText(line, data.x, y);
    }
    ctx.textAlign = "start"; // sigma expects it to be
  }
}
