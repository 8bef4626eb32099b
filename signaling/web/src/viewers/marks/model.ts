// SPDX-License-Identifier: Apache-2.0
// Marks on a picture: their shapes, what others sent checked before it is drawn, and where lines run. Points are in
// image pixels, so that they stay on what they mean at any zoom.
import type { Params } from '../../wire/connection';
import type { Point } from '../placement';

export type Mark = Params<'material.mark'>['marks'][number];
export type Shape = Mark['shape'];

export const SHAPES: Shape[] = ['arrow', 'ellipse', 'line', 'ruler', 'text'];
export const LONGEST_TEXT = 200;
const FARTHEST = 1_000_000;

const isPoint = (p: unknown): p is Point => Array.isArray(p) && p.length === 2 && p.every((n) => typeof n === 'number' && Math.abs(n) <= FARTHEST);

/** A mark out of a live message, which nobody has checked; null: not one. */
export function asMark(value: unknown): Mark | null {
    const m = value as Partial<Mark> | null;
    if (!m || typeof m !== 'object' || !SHAPES.includes(m.shape as Shape) || !Array.isArray(m.points) || m.points.length < 1 || m.points.length > 256 || !m.points.every(isPoint)) return null;
    const out: Mark = { shape: m.shape as Shape, points: m.points.map(([x, y]) => [x!, y!]) };
    if (typeof m.text === 'string' && m.text !== '') out.text = m.text.slice(0, LONGEST_TEXT);
    if (typeof m.frame === 'number' && Number.isInteger(m.frame) && m.frame >= 0) out.frame = m.frame;
    return out;
}

/** Marks of the frame that is shown; one without a frame belongs to a picture of one frame. */
export function onFrame(marks: Mark[], frame: number): Mark[] {
    return marks.filter((m) => (m.frame ?? 0) === frame);
}

export function ownOf(marks: Mark[], me: string): Mark[] {
    return marks.filter((m) => m.by === me);
}

/** Others keep theirs; mine are these. */
export function withOwn(marks: Mark[], me: string, own: Mark[]): Mark[] {
    return [...marks.filter((m) => m.by !== me), ...own.map((m) => ({ ...m, by: me }))];
}

/** As the wire wants them: the server knows who draws. */
export function bare(own: Mark[]): Mark[] {
    return own.map(({ by: _by, ...rest }) => ({ ...rest, points: rest.points.map(([x, y]) => [rounded(x!), rounded(y!)]) }));
}

const rounded = (n: number): number => Math.round(n * 10) / 10;

/** The two strokes of an arrow's head at `to`, in the units of the points. */
export function arrowHead(from: Point, to: Point, size: number): [Point, Point] {
    const angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
    const at = (turn: number): Point => [to[0] - size * Math.cos(angle + turn), to[1] - size * Math.sin(angle + turn)];
    return [at(0.45), at(-0.45)];
}

/** Too small to be meant: a click. `scale`: screen pixels per image pixel. */
export function isClick(from: Point, to: Point, scale: number): boolean {
    return Math.hypot(to[0] - from[0], to[1] - from[1]) * scale < 4;
}
