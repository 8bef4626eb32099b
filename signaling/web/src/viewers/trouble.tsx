// SPDX-License-Identifier: Apache-2.0
// What is said instead of a picture that can't be shown, how far loading is, and the light that says how good what is
// seen is: shape and words beside the colour.
import type { JSX } from 'preact';
import { common } from '../text/common';
import { Button } from '../ui/ui';
import { LoadError } from './fetch';
import { sizeText } from './model';
import { words } from './text';
import { Unshowable } from './unshowable';

const OF_STATUS: Record<number, Unshowable['code']> = { 401: 'not_yours', 403: 'not_yours', 404: 'gone', 410: 'gone' };

export function reasonOf(error: unknown): { code: Unshowable['code']; detail: string } {
    if (error instanceof Unshowable) return { code: error.code, detail: error.detail };
    return { code: error instanceof LoadError ? OF_STATUS[error.status] ?? 'network' : 'damaged', detail: '' };
}

export function Trouble({ error, onRetry }: { error: unknown; onRetry?: (() => void) | undefined }): JSX.Element {
    const { code, detail } = reasonOf(error);
    return <div class="note bad" role="alert">{words(`cannot.${code}`, { detail: detail || '?' })}
        {onRetry && code === 'network' && <Button look="quiet" onClick={onRetry}>{common('retry')}</Button>}</div>;
}

export function Progress({ loaded, total }: { loaded: number; total: number }): JSX.Element | null {
    if (total === 0) return <p class="muted" role="status">{common('loading')}</p>;
    if (loaded >= total) return null;
    return <label class="viewers-progress"><span>{words('loadingPart', { loaded: sizeText(loaded), total: sizeText(total) })}</span>
        <progress max={total} value={loaded} /></label>;
}

export type Level = 'waiting' | 'preview' | 'rough' | 'partial' | 'full' | 'short' | 'unapplied';
const SHAPE: Record<Level, string> = { waiting: '○', preview: '◔', rough: '◔', partial: '◑', full: '●', short: '◑', unapplied: '◑' };

/** `extra`: what else bears on it, such as a file that was compressed with loss. */
export function Light({ level, extra }: { level: Level; extra?: string | undefined }): JSX.Element {
    return <p class={`viewers-light ${level}`} role="status"><span aria-hidden="true">{SHAPE[level]}</span> {words(`light.${level}`)}{extra && ` · ${extra}`}</p>;
}
