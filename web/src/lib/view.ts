// Where a graph is on the screen, and what is near a pixel. Pure.

import type { Point } from "./lanes";

export interface Size {
  width: number; // pixels
  height: number;
}

/** How a graph is looked at: zoomed about the corner at the top left, then moved by pixels. */
export interface View {
  zoom: number;
  x: number;
  y: number;
}

/** All of the graph. */
export const whole: View = { zoom: 1, x: 0, y: 0 };

const [least, most] = [0.625, 6.5];
/** Pixels around the graph, for what is at its edge. */
const rim = 18;

/** The pixel of a point of the graph. */
export function toScreen(p: Point, view: View, size: Size): Point {
  return {
    x: (rim + p.x * (size.width - 2 * rim)) * view.zoom + view.x,
    y: (rim + (1 - p.y) * (size.height - 2 * rim)) * view.zoom + view.y,
  };
}

/** The view after zooming in by a factor; what is at a pixel stays there. */
export function zoomed(view: View, by: number, at: Point): View {
  const zoom = Math.min(most, Math.max(least, view.zoom * by));
  const real = zoom / view.zoom;
  return { zoom, x: at.x - (at.x - view.x) * real, y: at.y - (at.y - view.y) * real };
}

/** How a picture that was drawn for one view must be scaled, then moved, to show another. */
export function shift(drawn: View, view: View): View {
  const zoom = view.zoom / drawn.zoom;
  return { zoom, x: view.x - drawn.x * zoom, y: view.y - drawn.y * zoom };
}

/** Whether a picture that reaches so many pixels beyond the screen still fills it when shifted. */
export function fills(s: View, margin: Size, size: Size): boolean {
  const inside = (at: number, beyond: number, length: number) =>
    at - beyond * s.zoom <= 0 && at + (length + beyond) * s.zoom >= length;
  return inside(s.x, margin.width, size.width) && inside(s.y, margin.height, size.height);
}

/** How far a pixel is from the line between two others. */
export function distance(p: Point, a: Point, b: Point): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const along = Math.min(1, Math.max(0, ((p.x - a.x) * dx + (p.y - a.y) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(p.x - a.x - along * dx, p.y - a.y - along * dy);
}
