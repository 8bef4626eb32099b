// SPDX-License-Identifier: Apache-2.0
// The stage of photos and DICOM pictures: wheel, pinch, drag and keys move the picture; a tool may take the drag.
// Refuses to know what is drawn on it.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
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

type Fingers = Map<number, Point>;

function middle(f: Fingers): { at: Point; spread: number } {
    const [a, b] = [...f.values()] as [Point, Point];
    return { at: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], spread: Math.hypot(a[0] - b[0], a[1] - b[1]) };
}

/** Placement of a picture, with what buttons and keys do to it. */
export function usePlacement(image: Size | null): { placement: Placement; size: Size; setSize(s: Size): void; set(next: (p: Placement) => Placement): void; control: StageControl } {
    const [placement, setPlacement] = useState<Placement>(START);
    const [size, setSize] = useState<Size>({ width: 0, height: 0 });
    const fits = useRef(true); // until somebody moves it, it fits whatever size the stage gets
    const place = (next: (p: Placement) => Placement, fitsNow = false): void => { fits.current = fitsNow; setPlacement((p) => (image ? held(next(p), image) : p)); };
    useEffect(() => { if (image && size.width > 0 && fits.current) setPlacement((p) => fitted(image, size, p.turn, p.mirrored)); }, [image?.width, image?.height, size.width, size.height]);
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
        if (onKey?.(e.key) || keyed(e.key, placing)) e.preventDefault();
    };
    return <div ref={ref} class="viewers-stage" tabIndex={0} role="application" aria-roledescription={words('stage')} aria-label={`${label}. ${words('stageKeys')}`} style={{ cursor: tool?.cursor ?? 'grab' }}
        onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={up} onPointerLeave={() => tool?.hover?.(null)} onContextMenu={(e) => e.preventDefault()} onKeyDown={key}>{children}</div>;
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
