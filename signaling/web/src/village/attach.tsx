// SPDX-License-Identifier: Apache-2.0
// Photos from the camera and chosen files: looked at, kept sealed, with a small preview of a large photo. Refuses what
// the server would, in plain words, before a byte is sent.
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { keep } from '../app/session';
import { keepFile } from '../outbox/files';
import { outboxItems } from '../outbox/start';
import { words as outboxWords } from '../outbox/text';
import { sizeWords } from '../outbox/view';
import { Button } from '../ui/ui';
import { timedName, uniqueName } from '../viewers/stem';
import { server } from '../wire/server';
import { PhotoDialog, hasCamera, opensCamera } from './camera';
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

/** Names of what a case has and of what is on its way there; undefined: without the network nobody knows them. */
export async function namesOfCase(consultationId: string): Promise<string[] | undefined> {
    if (server.state.value !== 'ready') return undefined;
    const sent = outboxItems.value.flatMap(({ task }) => (task.kind === 'upload' && task.consultation === consultationId ? [task.file.name] : []));
    return server.call('material.list', { consultationId }).then(({ materials }) => [...sent, ...materials.map((m) => m.name)], () => undefined);
}

/** `held`: the names there are already; see namesOfCase. */
interface Props { onAdd(added: Attached[]): Promise<void> | void; held(): Promise<string[] | undefined> }

/** No two files of a case share a name, for a preview is found by it. The halves of a WFDB record keep theirs. */
function nameFor(name: string, names: string[], known: boolean): string {
    if (/\.(hea|dat)$/i.test(name)) return name;
    return uniqueName(known ? name : timedName(name, new Date()), names);
}

/** The two big buttons. */
export function AddFiles({ onAdd, held }: Props): JSX.Element {
    const [busy, setBusy] = useState('');
    const [refused, setRefused] = useState<string[]>([]);
    const [shooting, setShooting] = useState(false);
    const chooser = useRef<HTMLInputElement>(null);
    const chosen = (input: HTMLInputElement): Promise<void> => {
        const files = [...(input.files ?? [])];
        input.value = ''; // the same once more is a choice too
        return take(files);
    };
    const take = async (files: File[]): Promise<void> => {
        setRefused([]);
        const known = files.length ? await held() : [];
        const names = [...(known ?? [])];
        for (const file of files) { // one by one: each is safe before the next
            setBusy(file.name);
            const taken = await takeFile(file, nameFor(file.name, names, known !== undefined));
            if (typeof taken === 'string') setRefused((all) => [...all, taken]);
            else {
                names.push(taken.file.name);
                await onAdd([taken]);
            }
        }
        setBusy('');
    };
    const shoot = async (): Promise<void> => {
        if (await hasCamera()) setShooting(true);
        else chooser.current?.click();
    };
    const used = (photo: Blob): void => {
        setShooting(false);
        void take([new File([photo], `${words('cameraPhoto')}.jpg`, { type: photo.type })]);
    };
    return <div>
        <div class="village-add">
            {opensCamera() ? <label class="button primary huge"><input class="sr" type="file" accept="image/jpeg,image/png" capture="environment" onChange={(e) => void chosen(e.currentTarget)} /><Icon name="camera" /> {words('camera')}</label>
                : <Button look="primary huge" onClick={shoot}><Icon name="camera" /> {words('camera')}</Button>}
            <label class="button huge"><input ref={chooser} class="sr" type="file" multiple onChange={(e) => void chosen(e.currentTarget)} /><Icon name="file" /> {words('files')}</label>
        </div>
        <p class="muted">{words('filesHint')}</p>
        <PhotoDialog open={shooting} onClose={() => setShooting(false)} onFile={() => { setShooting(false); chooser.current?.click(); }} onUse={used} />
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
