// SPDX-License-Identifier: Apache-2.0
// The few parts that all pages are made of. Native elements first: button, dialog, label, fieldset.
import type { ComponentChildren, JSX } from 'preact';
import { signal } from '@preact/signals';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { common } from '../text/common';
import { inLanguage, language } from '../text/text';
import { Refusal } from '../wire/connection';

type Look = 'primary' | 'danger' | 'quiet' | 'huge';

interface ButtonProps {
    children: ComponentChildren;
    onClick?: (event: MouseEvent) => unknown; // a promise disables the button until it ends; its failure is told
    look?: Look | `${Look} ${Look}` | 'danger primary huge';
    submit?: boolean;
    disabled?: boolean;
    pressed?: boolean;
    label?: string; // for screen readers, where children are a picture
}

export function Button({ children, onClick, look, submit, disabled, pressed, label }: ButtonProps): JSX.Element {
    const [busy, setBusy] = useState(false);
    const click = async (event: MouseEvent): Promise<void> => {
        setBusy(true);
        try {
            await onClick?.(event);
        } catch (error) {
            tell(error);
        } finally {
            setBusy(false);
        }
    };
    return <button type={submit ? 'submit' : 'button'} class={`button ${look ?? ''}`} disabled={disabled || busy} aria-busy={busy} aria-pressed={pressed} aria-label={label} onClick={onClick ? (e) => void click(e) : undefined}>{children}</button>;
}

interface FieldProps {
    label: string;
    hint?: string | undefined;
    wrong?: string | undefined;
    children: JSX.Element; // one input, select or textarea
}

export function Field({ label, hint, wrong, children }: FieldProps): JSX.Element {
    return <label class="field"><span>{label} {hint && <small>{hint}</small>}</span>{children}{wrong && <small class="wrong" role="alert">{wrong}</small>}</label>;
}

/** One of a few, as large radio buttons. */
export function Choices<T extends string>({ label, value, options, onChange }: { label: string; value: T | ''; options: [T, string][]; onChange(value: T): void }): JSX.Element {
    const name = useId();
    return <fieldset class="choices"><legend>{label}</legend>{options.map(([key, text]) =>
        <label key={key}><input type="radio" name={name} checked={value === key} onChange={() => onChange(key)} />{text}</label>)}</fieldset>;
}

const openDialogs = signal<string[]>([]); // the last one is before everything else

export function Dialog({ open, title, onClose, children }: { open: boolean; title: string; onClose(): void; children: ComponentChildren }): JSX.Element {
    const ref = useRef<HTMLDialogElement>(null);
    const id = useId();
    useEffect(() => {
        if (open && !ref.current?.open) ref.current?.showModal();
        if (!open && ref.current?.open) ref.current.close();
    }, [open]);
    useEffect(() => {
        if (!open) return;
        openDialogs.value = [...openDialogs.value, id];
        return () => void (openDialogs.value = openDialogs.value.filter((d) => d !== id));
    }, [open]);
    return <dialog ref={ref} aria-labelledby={id} onClose={onClose}>{open && <><h2 id={id}>{title}</h2>{children}{openDialogs.value.at(-1) === id && <ToastList />}</>}</dialog>;
}

// ---- short messages ----

interface Toast { id: number; text: string | (() => string); look: 'good' | 'bad' | 'warn' | '' }
const toasts = signal<Toast[]>([]);
let nextToast = 1;
language.subscribe(() => (toasts.value = toasts.value.filter((t) => typeof t.text === 'function'))); // what was said in the other language goes

/** `text` as a function is asked when it is shown, so that it follows the language. */
export function toast(text: Toast['text'], look: Toast['look'] = ''): void {
    const id = nextToast++;
    toasts.value = [...toasts.value, { id, text, look }];
    setTimeout(() => (toasts.value = toasts.value.filter((t) => t.id !== id)), look === 'bad' ? 12000 : 6000);
}

/** What went wrong, in words of the person's language. */
export function tell(error: unknown): void {
    toast(() => errorText(error), 'bad');
}

export function errorText(error: unknown): string {
    if (error instanceof Refusal) return inLanguage(error.remedy);
    return error instanceof Error ? error.message : String(error);
}

/** Behind an open dialog nobody would see or hear them: it shows them itself. */
export function Toasts(): JSX.Element | null {
    return openDialogs.value.length ? null : <ToastList />;
}

function ToastList(): JSX.Element {
    return <div class="toasts" role="status" aria-live="polite">{toasts.value.map((t) => <div key={t.id} class={`note ${t.look}`}>{typeof t.text === 'function' ? t.text() : t.text}</div>)}</div>;
}

// ---- what is loaded ----

/** Loads again when `key` changes. */
export function useLoad<T>(load: () => Promise<T>, key: unknown[]): { value: T | undefined; error: unknown; again(): void } {
    const [state, setState] = useState<{ value?: T; error?: unknown }>({});
    const [turn, setTurn] = useState(0);
    useEffect(() => {
        let live = true;
        load().then((value) => live && setState({ value }), (error) => live && setState((s) => ({ ...s, error })));
        return () => void (live = false);
    }, [...key, turn]);
    return { value: state.value, error: state.error, again: () => setTurn((n) => n + 1) };
}

export function Loaded<T>({ of, children }: { of: { value: T | undefined; error: unknown; again(): void }; children: (value: T) => ComponentChildren }): JSX.Element {
    if (of.value !== undefined) return <>{children(of.value)}</>;
    if (of.error) return <div class="note bad" role="alert">{errorText(of.error)} <Button look="quiet" onClick={of.again}>{common('retry')}</Button></div>;
    return <p role="status" class="muted">{common('loading')}</p>;
}

/** Whether the window is at most `px` wide, now and after it is turned or resized. */
export function useNarrow(px: number): boolean {
    const [narrow, setNarrow] = useState(innerWidth <= px);
    useEffect(() => {
        const look = (): void => setNarrow(innerWidth <= px);
        addEventListener('resize', look);
        return () => removeEventListener('resize', look);
    }, [px]);
    return narrow;
}

/** How much larger text is than the ordinary 18 px: by choice, or on a large desk. */
export const textScale = (): number => (parseFloat(getComputedStyle(document.documentElement).fontSize) || 18) / 18;

/** Only the rows that are seen exist. `height`: of each row, px at the ordinary size of text, with which it grows. */
export function VirtualList<T>({ items, height: ordinary, row, label, onEnd }: { items: T[]; height: number; row: (item: T, index: number) => JSX.Element; label: string; onEnd?: () => void }): JSX.Element {
    const ref = useRef<HTMLDivElement>(null);
    const [top, setTop] = useState(0);
    const [room, setRoom] = useState(600);
    const [scale, setScale] = useState(textScale);
    const height = Math.round(ordinary * scale);
    useEffect(() => {
        const observer = new ResizeObserver(() => { setRoom(ref.current?.clientHeight ?? 600); setScale(textScale()); });
        observer.observe(ref.current!);
        observer.observe(document.documentElement); // grows with its text
        return () => observer.disconnect();
    }, []);
    const first = Math.max(0, Math.floor(top / height) - 4);
    const last = Math.min(items.length, Math.ceil((top + room) / height) + 4);
    const scrolled = (): void => {
        setTop(Math.floor(ref.current!.scrollTop / height) * height); // drawn anew only when a row comes or goes
        if (onEnd && ref.current!.scrollTop + room > (items.length - 10) * height) onEnd();
    };
    const rows: JSX.Element[] = [];
    for (let i = first; i < last; i++)
        rows.push(<div key={i} class="row" role="listitem" aria-setsize={items.length} aria-posinset={i + 1} style={{ transform: `translateY(${i * height}px)`, height: `${height}px` }}>{row(items[i]!, i)}</div>);
    return <div ref={ref} class="virtual" role="list" aria-label={label} tabIndex={0} style={{ height: '70vh' }} onScroll={scrolled}><div style={{ height: `${items.length * height}px` }}>{rows}</div></div>;
}
