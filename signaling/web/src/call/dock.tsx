// SPDX-License-Identifier: Apache-2.0
// A running call beside another page: picture, sound, mute, and the way back.
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { go } from '../app/router';
import { useCase } from '../case/live';
import { Button } from '../ui/ui';
import { Icon } from './icons';
import { Picture, Sounds } from './pictures';
import { forget, take } from './prepare';
import type { Seat } from './seat';
import { mainOf, tilesOf } from './stage';
import { isOver, people } from './states';
import { words } from './text';
import './call.css';

export function CallDock({ id }: { id: string }): JSX.Element | null {
    const c = useCase(id).value;
    const over = c !== undefined && isOver(c);
    useEffect(() => { if (over) forget(id); }, [over]);
    if (!c || over) return null;
    const seat: Seat = take(id);
    const remotes = seat.media.remotes.value;
    const main = mainOf(tilesOf(people(c), remotes, seat.account), null, null, seat.watch.active.value);
    return <aside class="call-dock" aria-label={words('dockLabel')}>
        {main?.video && <Picture track={main.video.track} label={main.participant.name} />}
        <Sounds remotes={remotes} />
        <div class="buttons">
            <Button onClick={() => seat.mute(!seat.muted.value)} pressed={seat.muted.value}><Icon name={seat.muted.value ? 'micOff' : 'mic'} />{words(seat.muted.value ? 'unmute' : 'mute')}</Button>
            <Button look="primary" onClick={() => go('call', id)}>{words('dockBack')}</Button>
        </div>
    </aside>;
}
