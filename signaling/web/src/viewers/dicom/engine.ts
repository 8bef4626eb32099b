// SPDX-License-Identifier: Apache-2.0
// One DICOM file from its first bytes to what is on the screen. Lives in a worker, so that a page never waits for it;
// knows neither worker nor page: what it has to say goes through `tell`, bytes come from `source`.
import { Unshowable } from '../unshowable';
import { decodeFrame } from './decode';
import { frameOf } from './frames';
import { inflated } from './inflate';
import { DEFLATED, describe, frameBytes, metaOf, ofFrame, openDicom, rescaled, type ImageInfo } from './info';
import { extent, fromNative, Pyramid, type Plane } from './plane';
import { render, type Seen } from './render';

/** How good what is seen is. 'rough': few lines of it; 'partial': the part that came; 'full': every value of the file. */
export type Quality = 'rough' | 'partial' | 'full';

export interface Source {
    /** First bytes, and how many there are in all. */
    head(bytes: number): Promise<{ head: Uint8Array; total: number }>;
    /** All of it; `here` after each piece with how much is there from the start. */
    all(here: (bytes: Uint8Array, loaded: number, total: number) => void): Promise<Uint8Array>;
    /** A stretch in the middle, for a rough look. */
    stretch(from: number, to: number): Promise<Uint8Array>;
    now(): number; // ms
}

export interface Values { centre: number; width: number; least: number; most: number }

export type Told =
    | { type: 'info'; info: ImageInfo; suggested: Values }
    | { type: 'progress'; loaded: number; total: number }
    | { type: 'better'; frame: number; quality: Quality; short: boolean } // draw again: there is more to see
    | { type: 'failed'; code: Unshowable['code']; detail: string; frame?: number };

const HEAD_BYTES = 256 * 1024;
const KEPT_BYTES = 192 * 1024 * 1024; // of decoded frames
const ROUGH_ROWS = 40;
const ROUGH_AT_ONCE = 4;
const ROUGH_SIDE = 512;
const ROUGH_AFTER_MS = 2500; // a rough look is worth its requests when the whole takes longer than this
const REDRAW_MS = 400;
const PROGRESS_MS = 150; // a page need not hear of each piece

interface Shown { pyramid: Pyramid; quality: Quality; final: boolean; bytes: number } // final: there will be no better

export class Engine {
    info: ImageInfo | null = null;
    private bytes: Uint8Array = new Uint8Array(0);
    private loaded = 0;
    private complete = false;
    private readonly kept = new Map<number, Shown>(); // by frame, the oldest first
    private readonly pending = new Map<number, Promise<void>>();
    private rough: { rows: Map<number, Uint8Array>; asked: boolean } = { rows: new Map(), asked: false };
    private readonly failed = new Set<number>(); // frames that can't be unpacked
    private wanted = 0; // frame that is looked at
    private drawnAt = 0;
    private toldAt = -Infinity;

    constructor(private readonly source: Source, private readonly tell: (told: Told) => void) {}

    async open(): Promise<void> {
        try {
            const began = this.source.now();
            const { head, total } = await this.source.head(HEAD_BYTES);
            if (head.length < total) this.readHeader(head, true);
            const whole = head.length >= total ? head : await this.source.all((bytes, loaded) => this.arrived(bytes, loaded, total, began));
            await this.finished(whole);
        } catch (error) {
            this.fail(error);
        }
    }

    private fail(error: unknown, frame?: number): void {
        const { code, detail } = error instanceof Unshowable ? error : error instanceof RangeError ? { code: 'damaged' as const, detail: '' } : { code: 'network' as const, detail: '' };
        this.tell({ type: 'failed', code, detail, ...(frame === undefined ? {} : { frame }) });
    }

    /** `head`: more is to come, so a header that does not fit is no error yet. */
    private readHeader(bytes: Uint8Array, head: boolean): void {
        if (metaOf(bytes)?.syntax === DEFLATED) return; // nothing of it can be read before all of it
        try {
            this.announce(describe(openDicom(bytes, true), bytes));
        } catch (error) {
            if (!head || (error instanceof Unshowable && error.code !== 'cut_short' && error.code !== 'not_image')) throw error;
        }
    }

    private announce(info: ImageInfo): void {
        this.info = info;
        this.tell({ type: 'info', info, suggested: suggested(info, null) });
    }

    private arrived(bytes: Uint8Array, loaded: number, total: number, began: number): void {
        this.bytes = bytes;
        this.loaded = loaded;
        const now = this.source.now();
        if (loaded >= total || now - this.toldAt >= PROGRESS_MS) {
            this.toldAt = now;
            this.tell({ type: 'progress', loaded, total });
        }
        if (!this.info || loaded >= total) return;
        const expected = ((now - began) / Math.max(1, loaded)) * total;
        if (!this.rough.asked && expected > ROUGH_AFTER_MS && this.canBeRough()) void this.askRough();
        if (now - this.drawnAt < REDRAW_MS) return;
        this.drawnAt = now;
        this.partly(this.wanted);
    }

    private canBeRough(): boolean {
        return this.info !== null && !this.info.pixels.encapsulated && !this.info.palette;
    }

    /** Lines spread over the picture, ahead of the rest. */
    private async askRough(): Promise<void> {
        this.rough.asked = true;
        const info = this.info!;
        const line = frameBytes(info) / info.rows;
        const rows = Array.from({ length: Math.min(ROUGH_ROWS, info.rows) }, (_, i) => Math.floor(((i + 0.5) * info.rows) / ROUGH_ROWS));
        const ask = async (): Promise<void> => {
            for (let row = rows.shift(); row !== undefined && !this.complete; row = rows.shift()) {
                const from = info.pixels.at + row * line;
                if (from + line <= this.loaded) continue;
                this.rough.rows.set(row, await this.source.stretch(from, from + line - 1));
                this.partly(0);
            }
        };
        await Promise.all(Array.from({ length: ROUGH_AT_ONCE }, ask)).catch(() => undefined); // only a help; the whole is on its way
    }

    /** What can be seen of a frame that is not all here. */
    private partly(frame: number): void {
        const info = this.info;
        if (!info || this.kept.get(frame)?.final) return;
        const here = this.bytes.subarray(0, this.loaded);
        const found = frameOf(info, here, frame, false);
        if (found) {
            void this.frame(frame);
            return;
        }
        if (!this.canBeRough()) return;
        const plane = roughPlane(info, here, frame, frame === 0 ? this.rough.rows : new Map());
        if (!plane) return;
        const quality = this.rough.rows.size > 0 && frame === 0 ? 'rough' : 'partial';
        this.keep(frame, plane, quality, false);
        this.tell({ type: 'better', frame, quality, short: false });
    }

    private async finished(whole: Uint8Array): Promise<void> {
        this.bytes = whole;
        this.loaded = whole.length;
        this.complete = true;
        if (!this.info) await this.late(whole);
        await this.frame(this.wanted);
    }

    /** A header larger than the head, or a deflated file. */
    private async late(whole: Uint8Array): Promise<void> {
        const meta = metaOf(whole);
        if (meta?.syntax === DEFLATED) {
            this.bytes = await inflated(whole, meta);
            this.loaded = this.bytes.length;
        }
        this.announce(describe(openDicom(this.bytes, true), this.bytes));
    }

    /** Decodes it if its bytes are here; once at a time. */
    private frame(n: number): Promise<void> {
        if (this.kept.get(n)?.final || this.failed.has(n)) return Promise.resolve();
        let running = this.pending.get(n);
        if (!running) {
            running = this.tried(n).finally(() => this.pending.delete(n));
            this.pending.set(n, running);
        }
        return running;
    }

    /** What fails before all is here may be all right when it is, unless there is no way to unpack it. */
    private async tried(n: number): Promise<void> {
        const whole = this.complete;
        try {
            await this.decode(n);
        } catch (error) {
            const early = !whole && !(error instanceof Unshowable && error.code === 'codec');
            if (early) return this.complete ? this.tried(n) : undefined;
            this.failed.add(n);
            this.fail(error, n);
        }
    }

    private async decode(n: number): Promise<void> {
        const info = this.info!;
        const found = frameOf(info, this.bytes.subarray(0, this.loaded), n, this.complete);
        if (!found) return;
        if (found.bytes.length === 0) throw new Unshowable('cut_short');
        const plane = await decodeFrame(info, found.bytes);
        const first = ![...this.kept.values()].some((s) => s.quality === 'full');
        this.keep(n, plane, found.short ? 'partial' : 'full', true);
        if (first && info.windows.length === 0) this.tell({ type: 'info', info, suggested: suggested(ofFrame(info, n), plane) });
        this.tell({ type: 'better', frame: n, quality: found.short ? 'partial' : 'full', short: found.short });
    }

    private keep(n: number, plane: Plane, quality: Quality, final: boolean): void {
        this.kept.delete(n);
        this.kept.set(n, { pyramid: new Pyramid(plane), quality, final, bytes: plane.data.byteLength * 1.34 });
        let sum = [...this.kept.values()].reduce((s, k) => s + k.bytes, 0);
        for (const [oldest, shown] of this.kept) {
            if (sum <= KEPT_BYTES || this.kept.size <= 2) return;
            if (oldest === n) continue;
            this.kept.delete(oldest);
            sum -= shown.bytes;
        }
    }

    /** Pixels for the screen; null: nothing of this frame can be seen yet ('better' comes when it can). */
    async draw(frame: number, seen: Seen): Promise<{ pixels: Uint8ClampedArray; quality: Quality } | null> {
        if (!this.info) return null;
        this.wanted = frame;
        if (!this.kept.has(frame) || this.complete) await this.frame(frame);
        const shown = this.kept.get(frame);
        if (!shown) return null;
        return { pixels: render(shown.pyramid, ofFrame(this.info, frame), scaled(seen, this.info, shown.pyramid), new Uint8ClampedArray(seen.width * seen.height * 4)), quality: shown.quality };
    }

    /** The rescaled value at an image point; null where there is none at full quality. */
    probe(frame: number, x: number, y: number): number[] | null {
        const shown = this.kept.get(frame);
        const info = this.info;
        if (!info || shown?.quality !== 'full') return null;
        const plane = shown.pyramid.levels[0]!;
        const [col, row] = [Math.floor(x), Math.floor(y)];
        if (col < 0 || row < 0 || col >= plane.width || row >= plane.height) return null;
        const at = (row * plane.width + col) * plane.channels;
        if (plane.channels === 3) return [...plane.data.subarray(at, at + 3)];
        return [rescaled(ofFrame(info, frame), plane.data[at]!)];
    }
}

/** A rough plane is smaller than the picture: its pixels stand for more. */
function scaled(seen: Seen, info: ImageInfo, pyramid: Pyramid): Seen {
    const plane = pyramid.levels[0]!;
    const [kx, ky] = [plane.width / info.columns, plane.height / info.rows];
    if (kx === 1 && ky === 1) return seen;
    const [a, b, c, d, e, f] = seen.toImage;
    return { ...seen, toImage: [a * kx, b * ky, c * kx, d * ky, e * kx, f * ky] };
}

/** A window of the file, or of the values that are there. */
export function suggested(info: ImageInfo, plane: Plane | null): Values {
    if (info.channels === 3 || info.palette) return { centre: 128, width: 256, least: 0, most: 255 };
    const range = plane ? extent(plane, info.padding) : { least: info.signed ? -(2 ** (info.bitsStored - 1)) : 0, most: 2 ** (info.bitsStored - (info.signed ? 1 : 0)) - 1 };
    const { least, most } = rescaledRange(info, range);
    const own = info.windows[0];
    if (own) return { centre: own.centre, width: own.width, least, most };
    return { centre: (least + most + 1) / 2, width: Math.max(1, most - least + 1), least, most };
}

/** A curve need not rise all the way: each of its values counts. */
function rescaledRange(info: ImageInfo, { least, most }: { least: number; most: number }): { least: number; most: number } {
    const curve = info.modalityLut;
    const [a, b] = [rescaled(info, least), rescaled(info, most)];
    const between = curve ? curve.values.subarray(Math.max(0, least - curve.first), Math.max(0, most - curve.first) + 1) : [];
    const fold = (of: (x: number, y: number) => number): number => (between as Uint16Array).reduce(of, of(a, b));
    return { least: fold((x, y) => Math.min(x, y)), most: fold((x, y) => Math.max(x, y)) };
}

/** At most ROUGH_SIDE pixels a side, out of the lines that are here; a missing line is mixed of its neighbours. */
export function roughPlane(info: ImageInfo, here: Uint8Array, frame: number, extra: Map<number, Uint8Array>): Plane | null {
    const step = Math.max(1, Math.ceil(Math.max(info.rows, info.columns) / ROUGH_SIDE));
    const line = frameBytes(info) / info.rows;
    const start = info.pixels.at + frame * line * info.rows;
    const small: ImageInfo = { ...info, rows: 1, planar: false };
    const whole = Math.min(info.rows, Math.max(0, Math.floor((here.length - start) / line)));
    if (info.channels === 3 && info.planar) return null;
    const rows = [...Array.from({ length: Math.ceil(whole / step) }, (_, i) => i * step), ...[...extra.keys()].filter((r) => r >= whole)].sort((a, b) => a - b);
    if (rows.length === 0) return null;
    const read = (row: number): Plane => fromNative(small, row < whole ? here.subarray(start + row * line, start + (row + 1) * line) : extra.get(row)!);
    return mixed(rows, read, info, step, extra.size > 0);
}

function mixed(rows: number[], read: (row: number) => Plane, info: ImageInfo, step: number, spread: boolean): Plane {
    const height = Math.ceil(info.rows / step);
    const width = Math.ceil(info.columns / step);
    let next = 0;
    let above = read(rows[0]!);
    let below = above;
    const channels = above.channels;
    const Kind = above.data.constructor as new (n: number) => Plane['data'];
    const data = new Kind(width * height * channels);
    if (!spread && info.padding !== undefined) data.fill(info.padding);
    for (let y = 0; y < height; y++) {
        const row = y * step;
        while (next < rows.length && rows[next]! <= row) {
            above = read(rows[next]!);
            next++;
            below = next < rows.length ? read(rows[next]!) : above;
        }
        if (next >= rows.length && !spread) break; // below this nothing has come
        const from = rows[Math.max(0, next - 1)]!;
        const to = rows[Math.min(next, rows.length - 1)]!;
        const t = to > from ? (row - from) / (to - from) : 0;
        for (let x = 0; x < width; x++)
            for (let c = 0; c < channels; c++) {
                const at = x * step * channels + c;
                data[(y * width + x) * channels + c] = above.data[at]! + (below.data[at]! - above.data[at]!) * t;
            }
    }
    return { width, height, channels, data };
}
