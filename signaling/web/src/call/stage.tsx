// SPDX-License-Identifier: Apache-2.0
// Who is seen where: one large picture, the others beside it, oneself small. The large one is what was picked, else an
// examination, else who has the floor, else who speaks, else the first.
import type { JSX } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import { Button } from '../ui/ui';
import type { Remote } from './media';
import { Picture } from './pictures';
import type { Seat } from './seat';
import type { Part, Present } from './states';
import { words } from './text';

export interface Tile {
    key: string; // participant and source
    participant: Present;
    source: 'camera' | 'examination';
    video: Remote | undefined;
    muted: boolean;
    sound: boolean; // an examination has a sound of its own
}

const SEEN: ReadonlySet<Part> = new Set(['applicant', 'specialist', 'chair', 'expert', 'none', 'rung']);

/** What there is to see: each who is here or sends, and each examination. */
export function tilesOf(present: Present[], remotes: Remote[], own: string): Tile[] {
    const tiles: Tile[] = [];
    for (const p of present) {
        if (p.id === own || !SEEN.has(p.part)) continue;
        const of = remotes.filter((r) => r.participantId === p.id);
        const voice = of.find((r) => r.source === 'microphone');
        const examination = of.find((r) => r.source === 'examination' && r.kind === 'video');
        const sound = of.some((r) => r.source === 'examination' && r.kind === 'audio');
        if (examination || sound) tiles.push({ key: `${p.id}/examination`, participant: p, source: 'examination', video: examination, muted: false, sound });
        if (p.here || of.length) tiles.push({ key: `${p.id}/camera`, participant: p, source: 'camera', video: of.find((r) => r.source === 'camera'), muted: voice?.paused === true, sound: false });
    }
    return tiles;
}

export function mainOf(tiles: Tile[], pinned: string | null, floor: string | null, active: string | null): Tile | undefined {
    const face = (id: string | null): Tile | undefined => (id === null ? undefined : tiles.find((t) => t.key === `${id}/camera`));
    return tiles.find((t) => t.key === pinned) ?? tiles.find((t) => t.source === 'examination' && t.video) ?? face(floor) ?? face(active) ?? tiles.find((t) => t.video) ?? tiles[0];
}

function caption(tile: Tile): string {
    return tile.source === 'examination' ? words('examOf', { name: tile.participant.name }) : tile.participant.name;
}

function Seen({ tile, seat, speaking }: { tile: Tile; seat: Seat; speaking: boolean }): JSX.Element {
    const [layer, setLayer] = useState(-1);
    const sized = useCallback((width: number) => setLayer(width > 700 ? 2 : width > 340 ? 1 : 0), []);
    const { video } = tile;
    useEffect(() => { if (video && layer >= 0 && tile.source === 'camera') seat.media.prefer(video, layer); }, [video?.consumerId, layer]);
    const shown = video && !video.paused;
    return <>
        {video && <Picture track={video.track} label={caption(tile)} onSize={sized} />}
        {!shown && <p class="call-empty">{words(video ? 'cameraOffOf' : tile.sound ? 'stethOf' : 'waitingFor', { name: tile.participant.name })}</p>}
        <p class="call-name">{caption(tile)}{tile.sound && <span class="tag good">{words('stethOf')}</span>}{tile.muted && <span class="tag">{words('mutedTag')}</span>}{speaking && <span class="tag good">{words('speaking')}</span>}</p>
    </>;
}

export function Stage({ tiles, seat, floor }: { tiles: Tile[]; seat: Seat; floor: string | null }): JSX.Element {
    const [pinned, setPinned] = useState<string | null>(null);
    const active = seat.watch.active.value;
    const main = mainOf(tiles, pinned, floor, active);
    const rest = tiles.filter((t) => t !== main);
    const many = tiles.filter((t) => t.source === 'camera').length > 1;
    const speaks = (t: Tile): boolean => many && t.source === 'camera' && t.participant.id === active;
    return <section class="call-stage" aria-label={words('stage')}>
        <div class="call-main" data-participant={main?.participant.id}>
            {main && <Seen key={main.key} tile={main} seat={seat} speaking={speaks(main)} />}
            {pinned && main?.key === pinned && <div class="call-pin"><Button onClick={() => setPinned(null)}>{words('follow')}</Button></div>}
        </div>
        {rest.length > 0 && <ul class="call-rest">{rest.map((t) => <li key={t.key} class={speaks(t) ? 'speaks' : ''}>
            <Seen tile={t} seat={seat} speaking={speaks(t)} />
            <button type="button" class="call-pick" aria-label={words('bigger', { name: caption(t) })} onClick={() => setPinned(t.key)} />
        </li>)}</ul>}
        <Self seat={seat} />
    </section>;
}

function Self({ seat }: { seat: Seat }): JSX.Element | null {
    const own = seat.media.own.value;
    const camera = own.find((o) => o.key === 'camera');
    const examination = own.find((o) => o.key === 'examination');
    if (!own.length) return null;
    const on = camera && seat.cameraOn.value && seat.watch.rung.value !== 'voice';
    return <div class="call-self">
        {on ? <Picture track={camera.track} label={words('youSmall')} mirror={camera.track.getSettings().facingMode !== 'environment'} /> : <p class="call-empty">{words('ownNoPicture')}</p>}
        {examination && <Picture track={examination.track} label={words('sharing')} />}
        <p class="call-name">{words('you')}{seat.muted.value && <span class="tag">{words('mutedTag')}</span>}</p>
    </div>;
}
