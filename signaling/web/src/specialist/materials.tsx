// SPDX-License-Identifier: Apache-2.0
// The materials of a summary: newest vitals in words, small pictures of the photos, the list; in their place the one that
// is open, with the whole width to itself.
// How a material is drawn is the viewers' to know.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { when } from '../text/text';
import { Button, useLoad } from '../ui/ui';
import { addressOf } from '../viewers/fetch';
import { listed, previewOf, titleOf, type Material } from '../viewers/model';
import { MaterialList, MaterialView } from '../viewers/view';
import { server } from '../wire/server';
import { words } from './text';

const SMALL_BYTES = 2 * 1024 * 1024; // a larger photo is loaded when it is asked for
const SMALL_PIXELS = 40_000_000; // a file of a few kilobytes may unpack to gigabytes
const SMALL_MAX = 6;
const UNITS: Record<string, string> = { 'mm[Hg]': 'mmHg', Cel: '℃', '{score}': '' };

function Vitals({ all }: { all: Material[] }): JSX.Element | null {
    const newest = all.filter((m) => m.type === 'vitals' && m.values && m.takenAt).sort((a, b) => b.takenAt!.localeCompare(a.takenAt!))[0];
    if (!newest) return null;
    return <><p class="muted specialist-tight">{words('vitalsAt', { time: when(newest.takenAt!) })}</p>
        <dl class="specialist-vitals">{newest.values!.map((v) => <div key={v.code}><dt>{words(`vital.${v.code}`)}</dt><dd>{v.value} <small>{UNITS[v.unit] ?? v.unit}</small></dd></div>)}</dl></>;
}

/** What is shown small of each: the preview that came with it, or a photo that is small itself. */
function smallOf(m: Material, all: Material[]): Material | undefined {
    const small = previewOf(m, all) ?? (m.type === 'photo' ? m : undefined);
    const { width, height } = small?.details ?? {};
    return small && (small.bytes ?? 0) <= SMALL_BYTES && width && height && width * height <= SMALL_PIXELS ? small : undefined;
}

function Small({ all, onOpen }: { all: Material[]; onOpen(m: Material): void }): JSX.Element | null {
    const rows = listed(all).flatMap((m) => { const small = smallOf(m, all); return small ? [{ m, small }] : []; }).slice(0, SMALL_MAX);
    if (!rows.length) return null;
    return <div class="specialist-small">{rows.map(({ m, small }) => <button key={m.id} type="button" aria-label={words('preview', { name: titleOf(m) })} onClick={() => onOpen(m)}><img src={addressOf(small.id)} alt="" loading="lazy" decoding="async" /></button>)}</div>;
}

export function Materials({ consultationId }: { consultationId: string }): JSX.Element {
    const [open, setOpen] = useState<string>();
    const place = useRef<HTMLDivElement>(null);
    useEffect(() => { if (open) place.current?.scrollIntoView({ block: 'start' }); }, [open]);
    const all = useLoad(async () => (await server.call('material.list', { consultationId })).materials, [consultationId]);
    useEffect(() => {
        const told = ({ consultationId: of }: { consultationId: string }): void => { if (of === consultationId) all.again(); };
        const off = [server.on('material.added', told), server.on('material.changed', told), server.onReload(all.again)];
        return () => off.forEach((f) => f());
    }, [consultationId]);
    const rows = listed(all.value ?? []);
    const n = rows.findIndex((m) => m.id === open);
    const step = (by: number): void => setOpen(rows[(n + by + rows.length) % rows.length]?.id);
    if (open) return <div ref={place} class="specialist-opened"><MaterialView consultationId={consultationId} materialId={open}
        lead={<span class="specialist-leafing"><Button onClick={() => setOpen(undefined)}>{words('closeMaterial')}</Button>
            {rows.length > 1 && n >= 0 && <><Button label={words('former')} onClick={() => step(-1)}>‹</Button><span class="muted">{n + 1}/{rows.length}</span><Button label={words('next')} onClick={() => step(1)}>›</Button></>}</span>} /></div>;
    return <>
        {all.value && <><Vitals all={all.value} /><Small all={all.value} onOpen={(m) => setOpen(m.id)} /></>}
        <MaterialList consultationId={consultationId} onOpen={(m) => setOpen(m.id)} />
    </>;
}
