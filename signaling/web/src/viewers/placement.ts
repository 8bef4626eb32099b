// SPDX-License-Identifier: Apache-2.0
// Where a picture stands on its stage: scale, place, turn. Plain sums without a page, so that tests can walk them.
// Screen points are CSS pixels from the stage's corner; image points are pixels of the picture.

export interface Placement {
    scale: number; // screen pixels per image pixel
    /** Image point in the middle of the stage. */
    x: number;
    y: number;
    turn: 0 | 1 | 2 | 3; // quarter turns clockwise
    mirrored: boolean;
}

export interface Size { width: number; height: number }
export type Point = [x: number, y: number];

export const SMALLEST = 0.02;
export const LARGEST = 40;

export const START: Placement = { scale: 1, x: 0, y: 0, turn: 0, mirrored: false };

/** The whole picture, as large as the stage allows. */
export function fitted(image: Size, stage: Size, turn: Placement['turn'] = 0, mirrored = false): Placement {
    const [w, h] = turn % 2 ? [image.height, image.width] : [image.width, image.height];
    const scale = clampScale(Math.min(stage.width / Math.max(1, w), stage.height / Math.max(1, h)));
    return { scale, x: image.width / 2, y: image.height / 2, turn, mirrored };
}

const clampScale = (s: number): number => Math.min(LARGEST, Math.max(SMALLEST, Number.isFinite(s) && s > 0 ? s : 1));

/** Screen offset from the middle -> image offset, without scale: undo the turn, then the mirror. */
const BACK: Record<Placement['turn'], (x: number, y: number) => Point> = { 0: (x, y) => [x, y], 1: (x, y) => [y, -x], 2: (x, y) => [-x, -y], 3: (x, y) => [-y, x] };
const FORTH: Record<Placement['turn'], (x: number, y: number) => Point> = { 0: (x, y) => [x, y], 1: (x, y) => [-y, x], 2: (x, y) => [-x, -y], 3: (x, y) => [y, -x] };

export function toImage(p: Placement, stage: Size, [sx, sy]: Point): Point {
    const [x, y] = BACK[p.turn]((sx - stage.width / 2) / p.scale, (sy - stage.height / 2) / p.scale);
    return [p.x + (p.mirrored ? -x : x), p.y + y];
}

export function toScreen(p: Placement, stage: Size, [ix, iy]: Point): Point {
    const dx = ix - p.x;
    const [x, y] = FORTH[p.turn](p.mirrored ? -dx : dx, iy - p.y);
    return [x * p.scale + stage.width / 2, y * p.scale + stage.height / 2];
}

/** The point under the finger stays under it. */
export function zoomed(p: Placement, stage: Size, at: Point, factor: number): Placement {
    const scale = clampScale(p.scale * factor);
    const [ix, iy] = toImage(p, stage, at);
    const [nx, ny] = toImage({ ...p, scale }, stage, at);
    return { ...p, scale, x: p.x + ix - nx, y: p.y + iy - ny };
}

export function moved(p: Placement, dx: number, dy: number): Placement {
    const [x, y] = BACK[p.turn](dx / p.scale, dy / p.scale);
    return { ...p, x: p.x - (p.mirrored ? -x : x), y: p.y - y };
}

export function turned(p: Placement): Placement {
    return { ...p, turn: ((p.turn + 1) % 4) as Placement['turn'] };
}

/** At least a part of the picture stays on the stage. */
export function held(p: Placement, image: Size): Placement {
    return { ...p, x: Math.min(image.width, Math.max(0, p.x)), y: Math.min(image.height, Math.max(0, p.y)) };
}

/** For a canvas of `ratio` device pixels per CSS pixel: screen to image as a matrix (see dicom/render.ts). */
export function matrixToImage(p: Placement, stage: Size, ratio: number): [number, number, number, number, number, number] {
    const [ox, oy] = toImage(p, stage, [0, 0]);
    const [ax, ay] = toImage(p, stage, [1, 0]);
    const [bx, by] = toImage(p, stage, [0, 1]);
    return [(ax - ox) / ratio, (ay - oy) / ratio, (bx - ox) / ratio, (by - oy) / ratio, ox, oy];
}

/** Image to screen, as canvas and SVG take it. */
export function matrixToScreen(p: Placement, stage: Size, ratio = 1): [number, number, number, number, number, number] {
    const [ox, oy] = toScreen(p, stage, [0, 0]);
    const [ax, ay] = toScreen(p, stage, [1, 0]);
    const [bx, by] = toScreen(p, stage, [0, 1]);
    return [(ax - ox) * ratio, (ay - oy) * ratio, (bx - ox) * ratio, (by - oy) * ratio, ox * ratio, oy * ratio];
}

/** Millimetres between two image points; undefined without spacing. */
export function distanceMm(a: Point, b: Point, spacing: { row: number; column: number } | undefined): number | undefined {
    return spacing && Math.hypot((a[0] - b[0]) * spacing.column, (a[1] - b[1]) * spacing.row);
}
