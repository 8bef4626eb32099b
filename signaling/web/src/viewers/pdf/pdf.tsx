// SPDX-License-Identifier: Apache-2.0
// PDF by pdf.js: pages as pictures, zoom, keys, marks. No scripts, forms, links or text layer of the document are run or
// made; its worker has its own address (meta "pdf-worker").
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { getDocument, GlobalWorkerOptions, type PDFDocumentProxy } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { Button } from '../../ui/ui';
import { loadBytes } from '../fetch';
import { MarkButtons, Overlay, useMarkTool, type MarkTool } from '../marks/overlay';
import { useMarks } from '../marks/session';
import { titleOf, type Material, type ViewerProps } from '../model';
import { START, type Placement, type Point, type Size } from '../placement';
import { CrossMark, useCross, type Tool } from '../stage';
import { words } from '../text';
import { Progress, Trouble } from '../trouble';
import { Unshowable } from '../unshowable';
import { ChineseMaps } from './cmaps';

const MOST_CANVAS_PIXELS = 16_000_000;
const STEP = 1.25;

GlobalWorkerOptions.workerSrc = document.querySelector<HTMLMetaElement>('meta[name="pdf-worker"]')?.content ?? '';

function why(error: unknown): unknown {
    const name = (error as { name?: string } | null)?.name;
    if (name === 'PasswordException') return new Unshowable('locked_pdf');
    return name === 'InvalidPDFException' || name === 'FormatError' || name === 'UnknownErrorException' ? new Unshowable('damaged') : error;
}

async function open(id: string, onProgress: (loaded: number, total: number) => void, signal: AbortSignal): Promise<PDFDocumentProxy> {
    const data = await loadBytes(id, { onProgress, signal });
    if (!new TextDecoder('latin1').decode(data.subarray(0, 1024)).includes('%PDF-')) throw new Unshowable('unreadable');
    const task = getDocument({ data, verbosity: 0, isEvalSupported: false, enableXfa: false, useSystemFonts: true, useWorkerFetch: false, CMapReaderFactory: ChineseMaps, stopAtErrors: false, maxImageSize: 64_000_000 });
    signal.addEventListener('abort', () => void task.destroy());
    return task.promise;
}

export function PdfView({ material, room }: ViewerProps): JSX.Element {
    const [state, setState] = useState<{ pdf: PDFDocumentProxy | null; error: unknown; loaded: number; total: number }>({ pdf: null, error: null, loaded: 0, total: material.bytes ?? 0 });
    const [turn, setTurn] = useState(0);
    useEffect(() => {
        const stop = new AbortController();
        setState((s) => ({ ...s, error: null }));
        open(material.id, (loaded, total) => setState((s) => ({ ...s, loaded, total })), stop.signal)
            .then((pdf) => setState((s) => ({ ...s, pdf })), (error) => { if (!stop.signal.aborted) setState((s) => ({ ...s, error: why(error) })); });
        return () => stop.abort();
    }, [material.id, turn]);
    if (state.error) return <Trouble error={state.error} onRetry={() => setTurn((n) => n + 1)} />;
    if (!state.pdf) return <Progress loaded={state.loaded} total={state.total} />;
    return <Pages pdf={state.pdf} label={titleOf(material)} material={material} room={room} />;
}

interface Place { scale: number; size: Size } // of the page on the screen; its points are those of the paper, 72 an inch

function Pages({ pdf, label, material, room }: { pdf: PDFDocumentProxy; label: string; material: Material; room: string | undefined }): JSX.Element {
    const [page, setPage] = useState(1);
    const [zoom, setZoom] = useState(1); // 1: as wide as its place
    const [error, setError] = useState<unknown>(null);
    const [place, setPlace] = useState<Place>({ scale: 1, size: { width: 0, height: 0 } });
    const [shape, setShape] = useState<MarkTool | null>(null);
    const session = useMarks(material, room);
    const marking = useMarkTool(session, shape, page - 1, place.scale);
    const cross = useCross(marking.tool, place.size, ([x, y]) => [x / place.scale, y / place.scale]);
    const go = (n: number): void => setPage(Math.min(pdf.numPages, Math.max(1, n)));
    const key = (e: KeyboardEvent): void => {
        const acts: Record<string, () => void> = { PageDown: () => go(page + 1), PageUp: () => go(page - 1), Home: () => go(1), End: () => go(pdf.numPages), '+': () => setZoom(zoom * STEP), '=': () => setZoom(zoom * STEP), '-': () => setZoom(zoom / STEP), 0: () => setZoom(1) };
        const taken = cross.key(e);
        if (!taken && !acts[e.key]) return;
        e.preventDefault();
        if (!taken) acts[e.key]!();
    };
    const { width, height } = place.size;
    const placement: Placement = { ...START, scale: place.scale, x: width / place.scale / 2, y: height / place.scale / 2 };
    return <div>
        <div class="viewers-bar">
            <Button disabled={page <= 1} onClick={() => go(page - 1)}>{words('pdf.previous')}</Button>
            <label class="viewers-slider">{words('pdf.page', { n: page, of: pdf.numPages })}<input type="number" min="1" max={pdf.numPages} value={page} onChange={(e) => go(e.currentTarget.valueAsNumber || 1)} /></label>
            <Button disabled={page >= pdf.numPages} onClick={() => go(page + 1)}>{words('pdf.next')}</Button>
            <Button label={words('zoomIn')} onClick={() => setZoom(zoom * STEP)}>＋</Button>
            <Button label={words('zoomOut')} onClick={() => setZoom(zoom / STEP)}>－</Button>
            <Button onClick={() => setZoom(1)}>{words('pdf.width')}</Button>
            <MarkButtons session={session} chosen={shape} onChoose={setShape} room={room !== undefined} />
        </div>
        {error !== null && <Trouble error={error} />}
        <div class="viewers-pdf" tabIndex={0} role="region" aria-label={marking.tool?.keys ? `${label}. ${words('crossKeys')}` : label} onKeyDown={key}>
            <Sheet tool={marking.tool} scale={place.scale} width={width}>
                <PageCanvas pdf={pdf} page={page} zoom={zoom} onError={setError} onPlace={setPlace} label={`${label}, ${words('pdf.page', { n: page, of: pdf.numPages })}`} />
                {width > 0 && <Overlay session={session} draft={marking.draft} frame={page - 1} placement={placement} size={place.size} />}
                <CrossMark at={cross.at} />
            </Sheet>
        </div>
        {marking.dialog}
    </div>;
}

/** Where a tool draws; without one the page scrolls. */
function Sheet({ tool, scale, width, children }: { tool: Tool | null; scale: number; width: number; children: ComponentChildren }): JSX.Element {
    const held = useRef(false);
    const last = useRef<Point>([0, 0]);
    const at = (e: PointerEvent): Point => {
        const box = (e.currentTarget as HTMLElement).getBoundingClientRect();
        return [(e.clientX - box.left) / scale, (e.clientY - box.top) / scale];
    };
    const down = (e: PointerEvent): void => {
        if (!tool || e.button !== 0 || held.current) return;
        (e.currentTarget as HTMLElement).setPointerCapture(e.pointerId);
        held.current = true;
        tool.down((last.current = at(e)));
    };
    const move = (e: PointerEvent): void => {
        const now = at(e);
        if (held.current) tool?.move(now, (now[0] - last.current[0]) * scale, (now[1] - last.current[1]) * scale);
        else tool?.hover?.(now);
        last.current = now;
    };
    const up = (e: PointerEvent): void => {
        if (held.current) tool?.up(at(e));
        held.current = false;
    };
    const cancel = (): void => { held.current = false; tool?.cancel?.(); };
    return <div class={`viewers-leaf ${tool ? 'marking' : ''}`} style={{ width: width ? `${width}px` : undefined, cursor: tool?.cursor }} onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={cancel} onPointerLeave={() => tool?.hover?.(null)}>{children}</div>;
}

/** How wide the place of a page is, now and after the window was resized or turned or the viewer filled the screen. */
function useWidth(ref: { current: HTMLElement | null }): number {
    const [width, setWidth] = useState(0);
    useEffect(() => {
        const place = ref.current!.closest('.viewers-pdf')!;
        const observer = new ResizeObserver(() => setWidth(place.clientWidth));
        observer.observe(place);
        return () => observer.disconnect();
    }, []);
    return width;
}

interface PageProps { pdf: PDFDocumentProxy; page: number; zoom: number; onError(e: unknown): void; onPlace(place: Place): void; label: string }

function PageCanvas({ pdf, page, zoom, onError, onPlace, label }: PageProps): JSX.Element {
    const canvas = useRef<HTMLCanvasElement>(null);
    const room = useWidth(canvas);
    useEffect(() => {
        if (!room) return undefined;
        let stopped = false;
        let stop = (): void => undefined;
        const draw = async (): Promise<void> => {
            onError(null);
            const sheet = await pdf.getPage(page);
            if (stopped || !canvas.current) return;
            const plain = sheet.getViewport({ scale: 1 });
            const wide = room * zoom;
            const ratio = Math.min(window.devicePixelRatio || 1, Math.sqrt(MOST_CANVAS_PIXELS / (wide * wide * (plain.height / plain.width))));
            const viewport = sheet.getViewport({ scale: (wide / plain.width) * ratio });
            const behind = document.createElement('canvas'); // shown when it is done: no flicker between pages
            behind.width = Math.floor(viewport.width);
            behind.height = Math.floor(viewport.height);
            const task = sheet.render({ canvasContext: behind.getContext('2d')!, viewport });
            stop = () => task.cancel();
            await task.promise;
            if (stopped || !canvas.current) return;
            canvas.current.width = behind.width;
            canvas.current.height = behind.height;
            canvas.current.style.width = `${wide}px`;
            canvas.current.getContext('2d')!.drawImage(behind, 0, 0);
            onPlace({ scale: wide / plain.width, size: { width: wide, height: wide * (plain.height / plain.width) } });
        };
        draw().catch((error) => { if (!stopped) onError(new Unshowable('damaged')); void error; });
        return () => { stopped = true; stop(); };
    }, [pdf, page, zoom, room]);
    return <canvas ref={canvas} role="img" aria-label={label} />;
}
