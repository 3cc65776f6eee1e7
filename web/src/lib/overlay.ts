// Two series on one time axis, one of them shifted. Pure.

import { ms } from "./format";

interface Point {
  at: string;
  value: number;
}

export interface Overlay {
  x: number[]; // seconds of the epoch, ascending
  leader: (number | null)[];
  follower: (number | null)[];
}

/** Lays two series of steps over each other, the leader moved `shift` ms to the right.
 * Each keeps its value until its next point; before its first it has none. */
export function overlay(leader: readonly Point[], follower: readonly Point[], shift: number): Overlay {
  const a = leader.map((p) => ({ t: (ms(p.at) + shift) / 1000, v: p.value }));
  const b = follower.map((p) => ({ t: ms(p.at) / 1000, v: p.value }));
  const out: Overlay = { x: [], leader: [], follower: [] };
  let [i, j] = [0, 0];
  let [va, vb]: (number | null)[] = [null, null];
  while (i < a.length || j < b.length) {
    const t = Math.min(a[i]?.t ?? Infinity, b[j]?.t ?? Infinity);
    while (a[i]?.t === t) va = a[i++]!.v;
    while (b[j]?.t === t) vb = b[j++]!.v;
    out.x.push(t);
    out.leader.push(va ?? null);
    out.follower.push(vb ?? null);
  }
  return out;
}

/** The newest points of an overlay. */
export function newest(o: Overlay, most: number): Overlay {
  return { x: o.x.slice(-most), leader: o.leader.slice(-most), follower: o.follower.slice(-most) };
}
