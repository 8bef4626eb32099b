// SPDX-License-Identifier: Apache-2.0
// Materials of a consultation: the list, and one of them opened in its viewer. Each viewer is a part of its own that
// is loaded when it is needed. Refuses to know whose page it is in.
import type { ComponentChildren, ComponentType, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { lazy } from '../app/lazy';
import { when } from '../text/text';
import { Button, Loaded, toast, useLoad } from '../ui/ui';
import { server } from '../wire/server';
import { addressOf } from './fetch';
import { kindOf, kindText, listed, sizeText, titleOf, vitalsOf, type Kind, type Material, type ViewerProps } from './model';
import { words } from './text';
import { showTogether } from './together';
import './viewers.css';

export type { Material } from './model';
export { shownIn, showTogether } from './together';

export interface MaterialListProps {
    consultationId: string;
    /** What is opened elsewhere by `onOpen`; left out: the list opens a material itself, below. */
    selected?: string | undefined;
    onOpen?: ((material: Material) => void) | undefined;
    /** Room of a running call: marks and pointers travel at once. */
    room?: string | undefined;
}

export interface MaterialViewProps {
    consultationId: string;
    materialId: string;
    room?: string | undefined;
    /** What stands before its name: the way back to a list. */
    lead?: ComponentChildren;
}

const VIEWERS: Record<Kind, ComponentType<ViewerProps>> = {
    photo: lazy(() => import('./photo/photo').then((m) => m.PhotoView)),
    dicom: lazy(() => import('./dicom/dicom').then((m) => m.DicomView)),
    ecg: lazy(() => import('./ecg/ecg').then((m) => m.EcgView)),
    pdf: lazy(() => import('./pdf/pdf').then((m) => m.PdfView)),
    audio: lazy(() => import('./audio/audio').then((m) => m.AudioView)),
    vitals: lazy(() => import('./vitals/vitals').then((m) => m.VitalsView)),
};

/** Materials of a consultation, kept up to date. */
function useMaterials(consultationId: string): { value: Material[] | undefined; error: unknown; again(): void } {
    const load = useLoad(async () => (await server.call('material.list', { consultationId })).materials, [consultationId]);
    useEffect(() => {
        const told = ({ consultationId: of }: { consultationId: string }): void => { if (of === consultationId) load.again(); };
        const off = [server.on('material.added', told), server.on('material.changed', told), server.onReload(load.again)];
        return () => off.forEach((f) => f());
    }, [consultationId]);
    return load;
}

export function MaterialList({ consultationId, selected, onOpen, room }: MaterialListProps): JSX.Element {
    const materials = useMaterials(consultationId);
    const [own, setOwn] = useState<string>();
    const chosen = onOpen ? selected : own;
    const below = useRef<HTMLDivElement>(null);
    useEffect(() => below.current?.scrollIntoView({ block: 'start' }), [own]);
    return <section class="viewers" aria-label={words('materials')}>
        <Loaded of={materials}>{(all) => listed(all).length === 0 ? <p class="muted">{words('noMaterials')}</p>
            : <ul class="viewers-list">{listed(all).map((m) => <Row key={m.id} material={m} times={m.type === 'vitals' ? vitalsOf(all).length : 0} chosen={m.id === chosen} onOpen={() => (onOpen ? onOpen(m) : setOwn(m.id))} />)}</ul>}</Loaded>
        {!onOpen && own && <div ref={below} class="viewers-below"><Button look="quiet" onClick={() => setOwn(undefined)}>{words('closeViewer')}</Button>
            <MaterialView consultationId={consultationId} materialId={own} room={room} /></div>}
    </section>;
}

function Row({ material: m, times, chosen, onOpen }: { material: Material; times: number; chosen: boolean; onOpen(): void }): JSX.Element {
    return <li><button type="button" class="viewers-row" aria-current={chosen ? 'true' : undefined} onClick={onOpen}>
        <span class="tag">{kindText(m)}</span>
        <span class="viewers-row-name">{times ? words('vitals.times', { n: times, when: when(m.takenAt ?? m.addedAt) }) : titleOf(m)}</span>
        <span class="muted">{m.bytes !== undefined && `${sizeText(m.bytes)} · `}{words('addedBy', { name: m.addedBy.name, when: when(m.addedAt) })}</span>
        {m.status !== 'read' && <span class="muted">{words(`status.${m.status}`)}</span>}
    </button></li>;
}

/** One material in its viewer. */
export function MaterialView({ consultationId, materialId, room, lead }: MaterialViewProps): JSX.Element {
    const materials = useMaterials(consultationId);
    return <div class="viewers"><Loaded of={materials}>{(all) => {
        const material = all.find((m) => m.id === materialId);
        return material ? <Opened key={material.id} material={material} all={all} room={room} lead={lead} /> : <p class="note warn">{words('gone')}</p>;
    }}</Loaded></div>;
}

function Opened({ lead, ...props }: ViewerProps & { lead: ComponentChildren }): JSX.Element {
    const { material, room } = props;
    const Viewer = VIEWERS[kindOf(material)];
    const ref = useRef<HTMLElement>(null);
    const fullscreen = (): unknown => (document.fullscreenElement ? document.exitFullscreen() : ref.current?.requestFullscreen());
    return <article ref={ref} class="viewers-one" aria-label={titleOf(material)}>
        <header class="viewers-head">{lead}<h3>{titleOf(material)}</h3>
            {room && <Button onClick={() => { showTogether(room, material.id); toast(words('show.sent')); }}>{words('show.together')}</Button>}
            {document.fullscreenEnabled && <Button look="quiet" onClick={fullscreen}>{words('fullscreen')}</Button>}
            <Download material={material} /></header>
        <Viewer {...props} />
    </article>;
}

export function Download({ material: m }: { material: Material }): JSX.Element | null {
    if (m.format === 'values') return null;
    return <a class="button quiet" href={addressOf(m.id)} download={m.name || m.id}>{words('download')}{m.bytes !== undefined && ` (${sizeText(m.bytes)})`}</a>;
}
