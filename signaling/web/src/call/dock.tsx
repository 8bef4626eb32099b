// SPDX-License-Identifier: Apache-2.0
// A running call beside another page: picture, sound, mute, and the way back.
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { go } from '../app/router';
import { running } from '../app/running';
import { useCase } from '../case/live';
import { Button } from '../ui/ui';
import type { Consultation } from '../wire/protocol';
import { Icon } from './icons';
import { Picture, SoundBlocked, Sounds } from './pictures';
import { usePresence } from './presence';
import { forget, take } from './prepare';
import { mainOf, tilesOf } from './stage';
import { isOver, partOf, people } from './states';
import { words } from './text';
import './call.css';

export function CallDock({ id }: { id: string }): JSX.Element | null {
    const live = useCase(id);
    const c = live.value;
    const gone = (c !== undefined && isOver(c)) || (c === undefined && live.error !== undefined);
    useEffect(() => { if (gone) { running.value = null; forget(id); } }, [gone]);
    return c && !gone ? <Running consultation={c} /> : null;
}

function Running({ consultation: c }: { consultation: Consultation }): JSX.Element {
    const seat = useMemo(() => take(c.id), [c.id]);
    usePresence(c, seat);
    const remotes = seat.media.remotes.value;
    const main = mainOf(tilesOf(people(c), remotes, seat.account), null, null, seat.watch.active.value);
    return <aside class="call-dock" aria-label={words('dockLabel')}>
        {main && <p class="call-dock-name">{main.participant.name}{main.muted && <span class="tag">{words('mutedTag')}</span>}</p>}
        {main?.video && !main.video.paused && <Picture track={main.video.track} label={main.participant.name} />}
        <Sounds remotes={remotes} />
        <SoundBlocked />
        <div class="buttons">
            {partOf(c, seat.account) !== 'observer' && <Button onClick={() => seat.mute(!seat.muted.value)} pressed={seat.muted.value}><Icon name={seat.muted.value ? 'micOff' : 'mic'} />{words(seat.muted.value ? 'unmute' : 'mute')}</Button>}
            <Button look="primary" onClick={() => go('call', c.id)}>{words('dockBack')}</Button>
        </div>
    </aside>;
}
