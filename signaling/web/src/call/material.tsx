// SPDX-License-Identifier: Apache-2.0
// A material beside the call: in a panel that can be moved and enlarged, or in a window of its own that stays on top
// where the browser has such.
import type { JSX } from 'preact';
import { render } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { locked } from '../app/session';
import { Button, toast } from '../ui/ui';
import { MaterialView } from '../viewers/view';
import { words } from './text';

interface PictureWindows { requestWindow(options: { width: number; height: number }): Promise<Window> }
const windows = (globalThis as { documentPictureInPicture?: PictureWindows }).documentPictureInPicture;
const STEP_PX = 24;

export interface FloatProps {
    consultationId: string;
    materialId: string;
    onClose(): void;
}

/** The page's own styles, for a window that begins empty. */
function dress(to: Document): void {
    to.documentElement.lang = document.documentElement.lang;
    to.documentElement.style.setProperty('--text', document.documentElement.style.getPropertyValue('--text'));
    for (const link of document.querySelectorAll<HTMLLinkElement>('link[rel="stylesheet"]')) {
        const copy = to.createElement('link');
        copy.rel = 'stylesheet';
        if (link.nonce) copy.nonce = link.nonce;
        copy.href = link.href;
        to.head.append(copy);
    }
}

/** A window over all others; `onClose` when it goes. null: the browser has none or the person said no. */
async function openWindow(view: JSX.Element, title: string, onClose: () => void): Promise<Window | null> {
    const made = await windows?.requestWindow({ width: 720, height: 560 }).catch(() => null);
    if (!made) return null;
    dress(made.document);
    made.document.title = title;
    render(view, made.document.body);
    made.addEventListener('pagehide', () => { render(null, made.document.body); onClose(); }, { once: true });
    return made;
}

export function MaterialFloat({ consultationId, materialId, onClose }: FloatProps): JSX.Element | null {
    const [at, setAt] = useState({ x: 0, y: 0 });
    const [large, setLarge] = useState(false);
    const [out, setOut] = useState<Window | null>(null);
    const from = useRef<{ x: number; y: number } | null>(null);
    const hidden = locked.value; // the lock covers its own window only
    useEffect(() => () => out?.close(), [out]);
    useEffect(() => { if (hidden) out?.close(); }, [hidden, out]);
    const view = <MaterialView consultationId={consultationId} materialId={materialId} room={consultationId} />;
    const move = (x: number, y: number): void => setAt((p) => ({ x: p.x + x, y: p.y + y }));
    const key = (e: KeyboardEvent): void => {
        const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
        if (!by) return;
        e.preventDefault();
        move(by[0]! * STEP_PX, by[1]! * STEP_PX);
    };
    const ownWindow = async (): Promise<void> => {
        const made = await openWindow(view, words('openMaterial'), onClose);
        if (made) setOut(made);
        else toast(words('pipNo'), 'warn');
    };
    if (out) return null;
    return <section class={`call-float ${large ? 'large' : ''}`} aria-label={words('openMaterial')} style={large ? {} : { transform: `translate(${at.x}px, ${at.y}px)` }}>
        <div class="call-float-top">
            <button type="button" class="call-float-grip" aria-label={words('floatMove')} onKeyDown={key}
                onPointerDown={(e) => { e.currentTarget.setPointerCapture(e.pointerId); from.current = { x: e.clientX, y: e.clientY }; }}
                onPointerMove={(e) => { if (!from.current) return; move(e.clientX - from.current.x, e.clientY - from.current.y); from.current = { x: e.clientX, y: e.clientY }; }}
                onPointerUp={() => (from.current = null)} onPointerCancel={() => (from.current = null)}>⠿ {words('openMaterial')}</button>
            <Button look="quiet" pressed={large} onClick={() => setLarge(!large)}>{words(large ? 'floatSmall' : 'floatLarge')}</Button>
            {windows && <Button look="quiet" onClick={ownWindow}>{words('floatOut')}</Button>}
            <Button look="quiet" onClick={onClose} label={words('floatClose')}>✕</Button>
        </div>
        <div class="call-float-body">{view}</div>
    </section>;
}
