// SPDX-License-Identifier: Apache-2.0
// Who is seen where: one large picture, the others beside it, oneself small. The large one is what was picked, else an
// examination, else who has the floor, else who speaks, else the first.
import type { ComponentChildren, JSX } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import { Button } from '../ui/ui';
import type { Floor } from './floor';
import { Bars, levelOf } from './heard';
import { Icon } from './icons';
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

interface SeenProps { tile: Tile; seat: Seat; speaking: boolean; hand: boolean; small?: boolean }

/** Signs beside a name, each with its word; on a small picture the word is for screen readers and the pointer only. */
function Signs({ tile, speaking, hand, small }: SeenProps): JSX.Element {
    const signs = [
        { on: tile.muted, icon: 'micOff', word: words('mutedTag'), look: '' },
        { on: hand, icon: 'hand', word: words('handUp'), look: 'urgent' },
        { on: speaking, icon: 'voice', word: words('speaking'), look: 'good' },
        { on: tile.sound, icon: 'exam', word: words('stethOf'), look: 'good' },
    ] as const;
    return <>{signs.map((s) => s.on && <span key={s.icon} class={`tag ${s.look}`} title={s.word}><Icon name={s.icon} />{small ? <span class="sr">{s.word}</span> : s.word}</span>)}</>;
}

function Seen(props: SeenProps): JSX.Element {
    const { tile, seat, small } = props;
    const [layer, setLayer] = useState(-1);
    const sized = useCallback((width: number) => setLayer(width > 700 ? 2 : width > 340 ? 1 : 0), []);
    const { video } = tile;
    useEffect(() => { if (video && layer >= 0 && tile.source === 'camera') seat.media.prefer(video, layer); }, [video?.consumerId, layer]);
    const shown = video && !video.paused;
    const level = tile.source === 'camera' ? levelOf(seat.watch.received.value.get(tile.participant.id)) : null;
    const name = { name: tile.participant.name };
    return <>
        {video && <Picture track={video.track} label={caption(tile)} onSize={sized} />}
        {!shown && <p class="call-empty">{words(video ? 'cameraOffOf' : tile.sound ? 'stethOf' : small ? 'waitingShort' : 'waitingFor', name)}</p>}
        {small && <p class="call-signs"><Signs {...props} />{level && level !== 'good' && <Bars level={level} />}</p>}
        <p class="call-name" title={caption(tile)}><span class="call-who">{caption(tile)}</span>{!small && <Signs {...props} />}</p>
    </>;
}

const COLUMN_MAX = 3; // small pictures above each other

interface StageProps { tiles: Tile[]; seat: Seat; floor: Floor; /** said over the pictures */ chips: ComponentChildren; over: ComponentChildren }

export function Stage({ tiles, seat, floor, chips, over }: StageProps): JSX.Element {
    const [pinned, setPinned] = useState<string | null>(null);
    const active = seat.watch.active.value;
    const main = mainOf(tiles, pinned, floor.of, active);
    const rest = tiles.filter((t) => t !== main);
    const many = tiles.filter((t) => t.source === 'camera').length > 1;
    const self = seat.media.own.value.length > 0 && <Self seat={seat} />;
    const of = (t: Tile): SeenProps => ({ tile: t, seat, speaking: many && t.source === 'camera' && t.participant.id === active, hand: t.source === 'camera' && floor.hands.includes(t.participant.id) });
    return <section class="call-stage" aria-label={words('stage')}>
        <div class="call-main" data-participant={main?.participant.id} data-source={main?.source}>
            {main && <Seen key={main.source} {...of(main)} />}
            <div class="call-chips">{pinned && main?.key === pinned && <Button onClick={() => setPinned(null)}>{words('follow')}</Button>}{chips}</div>
            {rest.length === 0 && self && <div class="call-self">{self}</div>}
            <div class="call-over">{over}</div>
        </div>
        {rest.length > 0 && <ul class={`call-rest ${rest.length + 1 > COLUMN_MAX ? 'two' : ''}`}>
            {rest.map((t) => <li key={t.key} class={`${t.source} ${of(t).speaking ? 'speaks' : ''}`} data-participant={t.participant.id} data-source={t.source}>
                <Seen {...of(t)} small />
                <button type="button" class="call-pick" aria-label={words('bigger', { name: caption(t) })} onClick={() => setPinned(t.key)} />
            </li>)}
            {self && <li class="call-self">{self}</li>}
        </ul>}
    </section>;
}

function Self({ seat }: { seat: Seat }): JSX.Element {
    const own = seat.media.own.value;
    const camera = own.find((o) => o.key === 'camera');
    const examination = own.find((o) => o.key === 'examination');
    const on = camera && seat.cameraOn.value && seat.watch.rung.value !== 'voice';
    return <>
        {examination && <Picture track={examination.track} label={words('sharing')} />}
        {on ? <div class={examination ? 'call-own-face' : 'call-own-alone'}><Picture track={camera.track} label={words('youSmall')} mirror={camera.track.getSettings().facingMode !== 'environment'} /></div> : !examination && <p class="call-empty">{words('ownNoPicture')}</p>}
        <p class="call-name"><span class="call-who">{words('you')}</span>{seat.muted.value && <span class="tag" title={words('mutedTag')}><Icon name="micOff" /><span class="sr">{words('mutedTag')}</span></span>}{examination && <span class="tag good" title={words('sharing')}><Icon name="exam" /><span class="sr">{words('sharing')}</span></span>}</p>
    </>;
}
