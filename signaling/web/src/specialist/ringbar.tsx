// SPDX-License-Identifier: Apache-2.0
// The bar that rings over every page of a specialist, also over the lock. It holds nothing of a patient.
import type { JSX } from 'preact';
import { go, place } from '../app/router';
import { locked } from '../app/session';
import { Countdown } from '../case/case';
import { common } from '../text/common';
import { language } from '../text/text';
import { ShortcutHelp, useShortcuts } from '../ui/shortcuts';
import { Button } from '../ui/ui';
import { menu } from './menu';
import { look, rings, silenced } from './ringing';
import { blocked } from './sound';
import { words } from './text';
import './specialist.css';

const PLACES = [['G D', 'desk'], ['G R', 'readings'], ['G C', 'consults'], ['G S', 'slots'], ['G O', 'outcomes']] as const;

export function RingBar(): JSX.Element {
    useShortcuts([
        ...PLACES.map(([keys, path]) => ({ keys, what: menu(path), run: () => go(path) })),
        { keys: 'G A', what: words('key.answer'), run: () => { const [first] = rings.value; if (first) look(first.id); } },
    ], [language.value]);
    const first = rings.value[0];
    const looking = first && place.value.path === 'consult' && place.value.rest[0] === first.id && !locked.value;
    return <>
        <ShortcutHelp />
        {first && !looking && <aside class={`specialist-ring ${first.urgency}`} aria-label={words('ringing')}>
            <span class="sr" role="alert">{words('ringing')}</span>
            <strong class="specialist-bell" aria-hidden="true">☎</strong>
            <div class="specialist-ring-words">
                <strong>{locked.value ? words('ringing') : words('ringingBar', { kind: common(`kind.${first.kind}`), institution: first.applicant.institution.name })}</strong>
                <span class={`tag ${first.urgency}`}>{common(`urgency.${first.urgency}`)}</span>
                {first.deadlineAt && <Countdown until={first.deadlineAt} />}
                {rings.value.length > 1 && <span>{words('othersRung', { n: rings.value.length })}</span>}
                {locked.value && <span>{words('ringLocked')}</span>}
                {blocked.value && <span>{words('soundBlocked')}</span>}
            </div>
            {!locked.value && <Button look="primary" onClick={() => look(first.id)}>{words('ringLook')}</Button>}
            {!silenced.value.has(first.id) && <Button look="quiet" onClick={() => { silenced.value = new Set([...silenced.value, first.id]); }}>{words('silence')}</Button>}
        </aside>}
    </>;
}
