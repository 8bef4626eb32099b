// SPDX-License-Identifier: Apache-2.0
// One opened DICOM on the page's side: asks the worker for the pixels of the screen, one picture at a time, the newest
// wish first, so that neither side falls behind.
import { useEffect, useRef, useState } from 'preact/hooks';
import { ViewerWorker } from '../client';
import { matrixToImage } from '../placement';
import type { StageState } from '../stage';
import { Unshowable } from '../unshowable';
import type { Quality, Values } from './engine';
import type { ImageInfo } from './info';

export interface Look { centre: number; width: number; lut: number | null; invert: boolean; frame: number }

export interface DicomSession {
    info: ImageInfo | null;
    suggested: Values | null;
    quality: Quality | null; // of what is on the screen
    short: boolean; // the file ends before its picture does
    loaded: number;
    total: number;
    error: Unshowable | null;
    frameError: Unshowable | null;
    probe(frame: number, x: number, y: number, then: (values: number[] | null) => void): void;
    draw(look: Look, stage: StageState): void;
    attach(canvas: HTMLCanvasElement | null): void;
    again(): void;
}

const MOST_SCREEN_PIXELS = 9_000_000;
const SLOW_MS = 60; // a draw that takes longer is drawn coarser while it moves

interface Wish { look: Look; stage: StageState }

/** The worker's side of it, without a page's life cycle. */
class Drawer {
    private readonly worker: ViewerWorker;
    private canvas: HTMLCanvasElement | null = null;
    private wish: Wish | null = null;
    private busy = false;
    private turn = 0; // of wishes
    private asked = 0; // of probes
    private onScreen = -1; // frame
    private lastMs = 0;
    private readonly probes = new Map<number, (values: number[] | null) => void>();

    constructor(id: string, private readonly changed: (part: Partial<Changes>) => void) {
        this.worker = new ViewerWorker((m) => this.heard(m));
        this.worker.ask({ type: 'dicom', id });
    }

    private heard(m: Parameters<ConstructorParameters<typeof ViewerWorker>[0]>[0]): void {
        switch (m.type) {
            case 'info': return this.changed({ info: m.info, suggested: m.suggested });
            case 'progress': return this.changed({ loaded: m.loaded, total: m.total });
            case 'failed': return this.changed(m.frame === undefined ? { error: new Unshowable(m.code, m.detail) } : { frameError: new Unshowable(m.code, m.detail) });
            case 'better':
                if (m.short) this.changed({ short: true });
                if (this.wish?.look.frame === m.frame) this.next();
                return undefined;
            case 'probed':
                this.probes.get(m.turn)?.(m.values);
                this.probes.delete(m.turn);
                return undefined;
            case 'drawn': return this.show(m);
            default: return undefined;
        }
    }

    private show(m: { turn: number; frame: number; bitmap: ImageBitmap | null; quality: Quality | null; ms: number }): void {
        this.busy = false;
        this.lastMs = m.ms;
        if (m.bitmap && this.canvas) {
            if (this.canvas.width !== m.bitmap.width) this.canvas.width = m.bitmap.width;
            if (this.canvas.height !== m.bitmap.height) this.canvas.height = m.bitmap.height;
            this.canvas.getContext('bitmaprenderer')!.transferFromImageBitmap(m.bitmap);
        }
        if (m.bitmap) this.changed({ quality: m.quality, frameError: null });
        else if (m.frame !== this.onScreen) { // never one frame under the number of another
            this.canvas?.getContext('bitmaprenderer')!.transferFromImageBitmap(null);
            this.changed({ quality: null });
        }
        this.onScreen = m.frame;
        if (this.turn !== m.turn) return this.next();
        const size = this.wish?.stage.size;
        if (size) this.mark(`${size.width}x${size.height}`);
    }

    attach(canvas: HTMLCanvasElement | null): void {
        this.canvas = canvas;
    }

    /** On the canvas: the size of the stage that its picture was drawn for, nothing while another is on its way. */
    private mark(drawn: string): void {
        if (this.canvas) this.canvas.dataset['drawn'] = drawn;
    }

    draw(wish: Wish): void {
        this.wish = wish;
        this.mark('');
        this.turn++;
        if (!this.busy) this.next();
    }

    private next(): void {
        const wish = this.wish;
        if (this.busy || !wish || wish.stage.size.width === 0) return;
        const { size, placement, moving } = wish.stage;
        const sharp = Math.min(window.devicePixelRatio || 1, Math.sqrt(MOST_SCREEN_PIXELS / (size.width * size.height)));
        const ratio = moving && this.lastMs > SLOW_MS ? sharp / 2 : sharp;
        this.busy = true;
        this.worker.ask({ type: 'draw', turn: this.turn, frame: wish.look.frame, seen: { width: Math.max(1, Math.round(size.width * ratio)), height: Math.max(1, Math.round(size.height * ratio)), toImage: matrixToImage(placement, size, ratio), centre: wish.look.centre, windowWidth: wish.look.width, lut: wish.look.lut, invert: wish.look.invert } });
    }

    probe(frame: number, x: number, y: number, then: (values: number[] | null) => void): void {
        const turn = ++this.asked;
        this.probes.set(turn, then);
        this.worker.ask({ type: 'probe', turn, frame, x, y });
    }

    close(): void {
        this.worker.close();
    }
}

type Changes = Pick<DicomSession, 'info' | 'suggested' | 'quality' | 'short' | 'loaded' | 'total' | 'error' | 'frameError'>;
const NOTHING: Changes = { info: null, suggested: null, quality: null, short: false, loaded: 0, total: 0, error: null, frameError: null };

export function useDicom(id: string): DicomSession {
    const [state, setState] = useState<Changes>(NOTHING);
    const [turn, setTurn] = useState(0);
    const drawer = useRef<Drawer | null>(null);
    const canvas = useRef<HTMLCanvasElement | null>(null);
    useEffect(() => {
        setState(NOTHING);
        const own = new Drawer(id, (part) => setState((s) => ({ ...s, ...part })));
        own.attach(canvas.current);
        drawer.current = own;
        return () => own.close();
    }, [id, turn]);
    return {
        ...state,
        draw: (look, stage) => drawer.current?.draw({ look, stage }),
        probe: (frame, x, y, then) => drawer.current?.probe(frame, x, y, then),
        attach: (c) => { canvas.current = c; drawer.current?.attach(c); },
        again: () => setTurn((n) => n + 1),
    };
}
