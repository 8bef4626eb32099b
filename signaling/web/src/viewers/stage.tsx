// SPDX-License-Identifier: Apache-2.0
// The stage of photos and DICOM pictures: wheel, pinch, drag and keys move the picture; a tool may take the drag.
// Refuses to know what is drawn on it.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Button } from '../ui/ui';
import { fitted, held, moved, START, toImage, turned, zoomed, type Placement, type Point, type Size } from './placement';
import { words } from './text';

/** Takes a drag with one finger or the left button. Points are of the image. */
export interface Tool {
    cursor: string;
    down(at: Point): void;
    move(at: Point, dx: number, dy: number): void; // dx, dy: CSS pixels since the last one
    up(at: Point): void;
    hover?(at: Point | null): void;
    cancel?(): void;
    /** Can be used with keys: Enter brings a cross, arrows move it, Enter presses and lets go. */
    keys?: boolean;
    name?: string;
}

export interface StageState { placement: Placement; size: Size; moving: boolean }

interface StageProps {
    image: Size | null;
    label: string;
    tool: Tool | null; // null: the drag moves the picture
    /** What the right button or a drag with Shift does, if anything else. */
    second?: Tool | null | undefined;
    onState(state: StageState): void;
    onKey?: ((key: string) => boolean) | undefined; // true: taken
    children: ComponentChildren;
}

export interface StageControl { placement: Placement; fit(): void; whole(): void; turn(): void; mirror(): void; zoom(factor: number): void }

const WHEEL = 0.0015; // of a zoom step per wheel pixel
const STEP_PX = 60;
const SETTLE_MS = 160;
const CROSS_PX = 12; // a key's step; with Shift one


type Fingers = Map<number, Point>;

function middle(f: Fingers): { at: Point; spread: number } {
    const [a, b] = [...f.values()] as [Point, Point];
    return { at: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], spread: Math.hypot(a[0] - b[0], a[1] - b[1]) };
}

/** Placement of a picture, with what buttons and keys do to it. */
export function usePlacement(image: Size | null): { placement: Placement; size: Size; setSize(s: Size): void; set(next: (p: Placement) => Placement): void; control: StageControl } {
    const [own, setOwn] = useState<Placement>(START);
    const [size, setSize] = useState<Size>({ width: 0, height: 0 });
    const [fits, setFits] = useState(true); // until somebody moves it, it fits whatever size the stage gets
    const placement = useMemo(() => (fits && image && size.width > 0 ? fitted(image, size, own.turn, own.mirrored) : own), [fits, own, image?.width, image?.height, size.width, size.height]);
    const now = useRef(placement); // several wheel steps may come between two pictures
    now.current = placement;
    const place = (next: (p: Placement) => Placement, fitsNow = false): void => {
        if (image) now.current = held(next(now.current), image);
        setOwn(now.current);
        setFits(fitsNow);
    };
    const fit = (p: Placement): Placement => (image ? fitted(image, size, p.turn, p.mirrored) : p);
    const control: StageControl = {
        placement,
        fit: () => place(fit, true),
        whole: () => place((p) => ({ ...p, scale: 1 })),
        turn: () => place((p) => fit(turned(p)), true),
        mirror: () => place((p) => ({ ...p, mirrored: !p.mirrored })),
        zoom: (factor) => place((p) => zoomed(p, size, [size.width / 2, size.height / 2], factor)),
    };
    return { placement, size, setSize, set: (next) => place(next), control };
}

type Placing = ReturnType<typeof usePlacement>;

function keyed(key: string, placing: Placing): boolean {
    const { control, set } = placing;
    const acts: Record<string, () => void> = {
        '+': () => control.zoom(1.25), '=': () => control.zoom(1.25), '-': () => control.zoom(0.8), '0': control.fit, '1': control.whole, r: control.turn, m: control.mirror,
        ArrowLeft: () => set((p) => moved(p, STEP_PX, 0)), ArrowRight: () => set((p) => moved(p, -STEP_PX, 0)), ArrowUp: () => set((p) => moved(p, 0, STEP_PX)), ArrowDown: () => set((p) => moved(p, 0, -STEP_PX)),
    };
    acts[key]?.();
    return key in acts;
}

export function Stage({ image, label, tool, second, onState, onKey, placing, children }: StageProps & { placing: Placing }): JSX.Element {
    const ref = useRef<HTMLDivElement>(null);
    const fingers = useRef<Fingers>(new Map());
    const drag = useRef<{ tool: Tool | null; last: Point } | null>(null);
    const [moving, setMoving] = useState(false);
    const { placement, size, set, setSize } = placing;
    const cross = useCross(tool, size, (at) => toImage(stateRef.current.placement, stateRef.current.size, at));
    const stateRef = useRef({ placement, size });
    stateRef.current = { placement, size };

    useEffect(() => onState({ placement, size, moving }), [placement, size, moving]);
    useEffect(() => {
        const element = ref.current!;
        const observer = new ResizeObserver(() => setSize({ width: element.clientWidth, height: element.clientHeight }));
        observer.observe(element);
        return () => observer.disconnect();
    }, []);
    useEffect(() => {
        if (!moving) return undefined;
        const timer = setTimeout(() => { if (!drag.current) setMoving(false); }, SETTLE_MS);
        return () => clearTimeout(timer);
    }, [moving, placement]);
    useEffect(() => { // not passive, so that the page does not scroll below the picture
        const element = ref.current!;
        const wheel = (e: WheelEvent): void => {
            e.preventDefault();
            setMoving(true);
            set((p) => zoomed(p, stateRef.current.size, here(e), Math.exp(-e.deltaY * (e.deltaMode ? 20 : 1) * WHEEL)));
        };
        element.addEventListener('wheel', wheel, { passive: false });
        return () => element.removeEventListener('wheel', wheel);
    }, [image?.width, image?.height]);

    const here = (e: MouseEvent): Point => { const box = ref.current!.getBoundingClientRect(); return [e.clientX - box.left, e.clientY - box.top]; };
    const inImage = (at: Point): Point => toImage(stateRef.current.placement, stateRef.current.size, at);

    const down = (e: PointerEvent): void => {
        if (!image) return;
        ref.current!.setPointerCapture(e.pointerId);
        fingers.current.set(e.pointerId, here(e));
        const taking = e.button === 2 || e.shiftKey ? second ?? null : e.button === 1 ? null : tool;
        if (fingers.current.size > 1) { drag.current?.tool?.up(inImage(drag.current.last)); drag.current = null; return; }
        cross.hide();
        drag.current = { tool: taking, last: here(e) };
        taking?.down(inImage(here(e)));
        setMoving(true);
    };
    const move = (e: PointerEvent): void => {
        const at = here(e);
        if (!fingers.current.has(e.pointerId)) return tool?.hover?.(inImage(at));
        if (fingers.current.size === 2) return pinch(e.pointerId, at);
        fingers.current.set(e.pointerId, at);
        const d = drag.current;
        if (!d) return;
        const [dx, dy] = [at[0] - d.last[0], at[1] - d.last[1]];
        d.last = at;
        if (d.tool) d.tool.move(inImage(at), dx, dy);
        else set((p) => moved(p, dx, dy));
        return undefined;
    };
    const pinch = (id: number, at: Point): void => {
        const before = middle(fingers.current);
        fingers.current.set(id, at);
        const after = middle(fingers.current);
        set((p) => moved(zoomed(p, stateRef.current.size, before.at, after.spread / Math.max(1, before.spread)), after.at[0] - before.at[0], after.at[1] - before.at[1]));
    };
    const up = (e: PointerEvent): void => {
        fingers.current.delete(e.pointerId);
        const d = drag.current;
        drag.current = null;
        if (d?.tool) d.tool.up(inImage(here(e)));
        setMoving(false);
    };
    const key = (e: KeyboardEvent): void => {
        if (e.ctrlKey || e.metaKey || e.altKey || e.target !== ref.current) return;
        if (cross.key(e) || onKey?.(e.key) || keyed(e.key, placing)) e.preventDefault();
    };
    return <div ref={ref} class="viewers-stage" tabIndex={0} role="application" aria-roledescription={words('stage')} aria-label={`${label}. ${words('stageKeys')}${tool?.keys ? `. ${words('crossKeys')}` : ''}`} style={{ cursor: tool?.cursor ?? 'grab' }}
        onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={up} onPointerLeave={() => tool?.hover?.(null)} onContextMenu={(e) => e.preventDefault()} onKeyDown={key}>{children}{tool?.keys && <p class="viewers-keys">{words('crossKeys')}</p>}<CrossMark at={cross.at} /></div>;
}

export function CrossMark({ at }: { at: Point | null }): JSX.Element | null {
    return at && <svg class="viewers-cross" style={{ transform: `translate(${at[0]}px, ${at[1]}px)` }} width="40" height="40" viewBox="-20 -20 40 40" aria-hidden="true">{['#000', '#fff'].map((colour, i) => <path key={colour} d="M-18 0H-4M4 0H18M0-18V-4M0 4V18" stroke={colour} stroke-width={i ? 2 : 5} />)}</svg>;
}

interface Cross { at: Point | null; key(e: KeyboardEvent): boolean; hide(): void }

const ARROWS: Record<string, Point> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** A tool in the hand of somebody who has keys only. Each tool has a cross of its own. */
export function useCross(tool: Tool | null, size: Size, inImage: (at: Point) => Point): Cross {
    const kind = tool?.keys ? tool.name : undefined;
    const [placed, setPlaced] = useState<{ kind: string | undefined; at: Point } | null>(null);
    const pressed = useRef<string | undefined>(undefined);
    const at = kind !== undefined && placed?.kind === kind ? placed.at : null;
    const down = kind !== undefined && pressed.current === kind;
    const hide = (): void => { pressed.current = undefined; setPlaced(null); };
    const press = (here: Point): void => {
        pressed.current = down ? undefined : kind;
        if (down) tool!.up(inImage(here));
        else tool!.down(inImage(here));
    };
    const move = (here: Point, [x, y]: Point, px: number): void => {
        const next: Point = [Math.min(size.width, Math.max(0, here[0] + x * px)), Math.min(size.height, Math.max(0, here[1] + y * px))];
        setPlaced({ kind, at: next });
        if (down) tool!.move(inImage(next), next[0] - here[0], next[1] - here[1]);
        else tool!.hover?.(inImage(next));
    };
    const key = (e: KeyboardEvent): boolean => {
        const arrow = ARROWS[e.key];
        if (!tool?.keys || (at === null && e.key !== 'Enter') || !(arrow || e.key === 'Enter' || e.key === 'Escape')) return false;
        if (e.key === 'Escape') { if (down) tool.cancel?.(); tool.hover?.(null); hide(); }
        else if (!at) move([size.width / 2, size.height / 2], [0, 0], 0);
        else if (arrow) move(at, arrow, e.shiftKey ? 1 : CROSS_PX);
        else press(at);
        return true;
    };
    return { at, key, hide };
}

export function StageButtons({ control }: { control: StageControl }): JSX.Element {
    return <div class="viewers-tools" role="group" aria-label={words('zoomAndTurn')}>
        <Button onClick={() => control.zoom(1.25)} label={words('zoomIn')}>＋</Button>
        <Button onClick={() => control.zoom(0.8)} label={words('zoomOut')}>－</Button>
        <Button onClick={control.fit}>{words('fit')}</Button>
        <Button onClick={control.whole}>100 %</Button>
        <Button onClick={control.turn}>{words('turn')}</Button>
        <span class="muted viewers-scale">{Math.round(control.placement.scale * 100)} %</span>
    </div>;
}
