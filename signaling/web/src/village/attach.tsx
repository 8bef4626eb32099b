// SPDX-License-Identifier: Apache-2.0
// Photos from the camera and chosen files: looked at, kept sealed, with a small preview of a large photo. Refuses what
// the server would, in plain words, before a byte is sent.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { keep } from '../app/session';
import { keepFile } from '../outbox/files';
import { words as outboxWords } from '../outbox/text';
import { sizeWords } from '../outbox/view';
import { Button } from '../ui/ui';
import { LIMITS, LOOK_BYTES, kindOfFile } from './filekind';
import { words } from './formtext';
import { Icon } from './icons';
import type { Attached } from './request';

const HEAD_BYTES = 64 * LOOK_BYTES; // a camera's own thumbnail stands before a photo's size
const PREVIEW = { above: 300 * 1024, width: 800, quality: 0.6 };

/** A small JPEG of a large photo; undefined where the browser can't read it. */
async function previewOf(photo: Blob): Promise<Blob | undefined> {
    try {
        const image = await createImageBitmap(photo, { resizeWidth: PREVIEW.width, resizeQuality: 'medium' });
        const canvas = document.createElement('canvas');
        [canvas.width, canvas.height] = [image.width, image.height];
        canvas.getContext('2d')!.drawImage(image, 0, 0);
        image.close();
        return await new Promise((resolve) => canvas.toBlob((b) => resolve(b ?? undefined), 'image/jpeg', PREVIEW.quality));
    } catch {
        return undefined;
    }
}

/** Kept, or a sentence that says why not. */
export async function takeFile(file: Blob, name: string): Promise<Attached | string> {
    const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
    const kind = kindOfFile(head, name, file.size);
    if ('refused' in kind) {
        const shown = kindOfFile(head, name, 1); // its type, were it smaller
        return words(`refused.${kind.refused}`, { name, limit: 'type' in shown ? sizeWords(LIMITS[shown.type]) : '' });
    }
    try {
        const store = keep.value!;
        const kept = await keepFile(store, file, name, kind.type);
        const small = kind.type === 'photo' && file.size > PREVIEW.above ? await previewOf(file) : undefined;
        const preview = small && (await keepFile(store, small, `${name.replace(/\.[^.]*$/, '')}-preview.jpg`, 'photo'));
        return { file: kept, what: kind.type, ...(kind.part ? { part: kind.part } : {}), ...(preview ? { preview } : {}) };
    } catch {
        return words('full');
    }
}

/** Names of WFDB parts whose other half was not chosen. */
export function halves(files: Attached[]): string[] {
    const stem = (a: Attached): string => a.file.name.toLowerCase().replace(/\.[a-z0-9]+$/, '');
    const parts = files.filter((a) => a.part);
    return parts.filter((a) => !parts.some((b) => b.part !== a.part && stem(a) === stem(b))).map((a) => a.file.name);
}

interface Props { onAdd(added: Attached[]): Promise<void> | void }

/** The two big buttons. */
export function AddFiles({ onAdd }: Props): JSX.Element {
    const [busy, setBusy] = useState('');
    const [refused, setRefused] = useState<string[]>([]);
    const take = async (input: HTMLInputElement): Promise<void> => {
        const files = [...(input.files ?? [])];
        input.value = ''; // the same once more is a choice too
        setRefused([]);
        for (const file of files) { // one by one: each is safe before the next
            setBusy(file.name);
            const taken = await takeFile(file, file.name);
            if (typeof taken === 'string') setRefused((all) => [...all, taken]);
            else await onAdd([taken]);
        }
        setBusy('');
    };
    return <div>
        <div class="village-add">
            <label class="button primary huge"><input class="sr" type="file" accept="image/jpeg,image/png" capture="environment" onChange={(e) => void take(e.currentTarget)} /><Icon name="camera" /> {words('camera')}</label>
            <label class="button huge"><input class="sr" type="file" multiple onChange={(e) => void take(e.currentTarget)} /><Icon name="file" /> {words('files')}</label>
        </div>
        <p class="muted">{words('filesHint')}</p>
        {busy && <p role="status" class="note">{words('adding', { name: busy })}</p>}
        {refused.map((text) => <p key={text} role="alert" class="note bad">{text}</p>)}
    </div>;
}

export function AttachedList({ files, onRemove }: { files: Attached[]; onRemove(file: Attached): void }): JSX.Element {
    if (!files.length) return <p class="muted">{words('none')}</p>;
    return <ul class="village-files">{files.map((a) => <li key={a.file.id}>
        <span class="tag">{a.what === 'audio' ? words('voiceName') : outboxWords(`what.${a.what}`)}</span> <span class="village-file-name">{a.file.name}</span> <span class="muted">{sizeWords(a.file.bytes)}</span>
        <Button look="danger quiet" label={words('removeFile', { name: a.file.name })} onClick={() => onRemove(a)}>✕</Button>
    </li>)}</ul>;
}
