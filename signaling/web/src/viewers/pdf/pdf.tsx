// SPDX-License-Identifier: Apache-2.0
// PDF by pdf.js: pages as pictures, zoom, keys. No scripts, forms, links or text layer of the document are run or
// made; its worker has its own address (meta "pdf-worker").
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { getDocument, GlobalWorkerOptions, type PDFDocumentProxy } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { Button } from '../../ui/ui';
import { loadBytes } from '../fetch';
import { titleOf, type ViewerProps } from '../model';
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

export function PdfView({ material }: ViewerProps): JSX.Element {
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
    return <Pages pdf={state.pdf} label={titleOf(material)} />;
}

function Pages({ pdf, label }: { pdf: PDFDocumentProxy; label: string }): JSX.Element {
    const [page, setPage] = useState(1);
    const [zoom, setZoom] = useState(1); // 1: as wide as its place
    const [error, setError] = useState<unknown>(null);
    const go = (n: number): void => setPage(Math.min(pdf.numPages, Math.max(1, n)));
    const key = (e: KeyboardEvent): void => {
        const acts: Record<string, () => void> = { PageDown: () => go(page + 1), PageUp: () => go(page - 1), Home: () => go(1), End: () => go(pdf.numPages), '+': () => setZoom(zoom * STEP), '=': () => setZoom(zoom * STEP), '-': () => setZoom(zoom / STEP), 0: () => setZoom(1) };
        if (!acts[e.key]) return;
        e.preventDefault();
        acts[e.key]!();
    };
    return <div>
        <div class="viewers-bar">
            <Button disabled={page <= 1} onClick={() => go(page - 1)}>{words('pdf.previous')}</Button>
            <label class="viewers-slider">{words('pdf.page', { n: page, of: pdf.numPages })}<input type="number" min="1" max={pdf.numPages} value={page} onChange={(e) => go(e.currentTarget.valueAsNumber || 1)} /></label>
            <Button disabled={page >= pdf.numPages} onClick={() => go(page + 1)}>{words('pdf.next')}</Button>
            <Button label={words('zoomIn')} onClick={() => setZoom(zoom * STEP)}>＋</Button>
            <Button label={words('zoomOut')} onClick={() => setZoom(zoom / STEP)}>－</Button>
            <Button onClick={() => setZoom(1)}>{words('pdf.width')}</Button>
        </div>
        {error !== null && <Trouble error={error} />}
        <div class="viewers-pdf" tabIndex={0} role="region" aria-label={label} onKeyDown={key}><PageCanvas pdf={pdf} page={page} zoom={zoom} onError={setError} label={`${label}, ${words('pdf.page', { n: page, of: pdf.numPages })}`} /></div>
    </div>;
}

function PageCanvas({ pdf, page, zoom, onError, label }: { pdf: PDFDocumentProxy; page: number; zoom: number; onError(e: unknown): void; label: string }): JSX.Element {
    const canvas = useRef<HTMLCanvasElement>(null);
    useEffect(() => {
        let stopped = false;
        let stop = (): void => undefined;
        const draw = async (): Promise<void> => {
            onError(null);
            const sheet = await pdf.getPage(page);
            if (stopped || !canvas.current) return;
            const plain = sheet.getViewport({ scale: 1 });
            const wide = canvas.current.parentElement!.clientWidth * zoom;
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
        };
        draw().catch((error) => { if (!stopped) onError(new Unshowable('damaged')); void error; });
        return () => { stopped = true; stop(); };
    }, [pdf, page, zoom]);
    return <canvas ref={canvas} role="img" aria-label={label} />;
}
