// SPDX-License-Identifier: Apache-2.0
// The roster of a panel: loaded, changed on this machine, saved as a whole. What is not saved outlives a reload; when
// somebody else saved meanwhile, one's changes are laid over theirs and looked at before they are saved again.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useKept } from '../keep/kept';
import { common } from '../text/common';
import { Button, Loaded, tell, toast, useLoad } from '../ui/ui';
import { Refusal } from '../wire/connection';
import { server } from '../wire/server';
import { Exceptions } from './exceptions';
import { differs, gapsOf, inWeek, merge, DAY_MIN, WEEKDAYS, clockOf, type Edited, type Roster, type Shift } from './roster';
import { RosterGrid } from './roster_grid';
import { ShiftDialog } from './shift_dialog';
import { mondayOf } from './slots';
import { words } from './text';

interface Work { base: Roster; mine: Edited }

const editedOf = (r: Roster): Edited => ({ shifts: r.shifts, exceptions: r.exceptions });

function mondayText(): string {
    const m = mondayOf(new Date(), 0);
    return `${m.getFullYear()}-${String(m.getMonth() + 1).padStart(2, '0')}-${String(m.getDate()).padStart(2, '0')}`;
}

function Gaps({ shifts }: { shifts: Shift[] }): JSX.Element {
    const gaps = gapsOf(shifts.filter((s) => inWeek(s, mondayText())));
    const hours = Math.round(gaps.reduce((sum, g) => sum + g.until - g.from, 0) / 60);
    const at = (min: number): string => `${words(`day.${WEEKDAYS[Math.floor(min / DAY_MIN) % 7]!}`)} ${clockOf(min)}`;
    if (gaps.length === 0) return <p class="note good">{words('noGaps')}</p>;
    return <details class="card"><summary>{words('gaps', { h: hours })}</summary><ul class="coordinator-gaps">{gaps.map((g) => <li key={g.from}>{at(g.from)} – {g.until === 7 * DAY_MIN ? `${words('day.sun')} 24:00` : at(g.until)}</li>)}</ul></details>;
}

function Editor({ panelId, loaded, again }: { panelId: string; loaded: Roster; again(): void }): JSX.Element {
    const kept = useKept<Work>(`form/roster/${panelId}`, { base: loaded, mine: editedOf(loaded) });
    const [opened, setOpened] = useState<{ shift: number | null } | null>(null);
    const { base, mine } = kept.value;
    const changed = differs(editedOf(base), mine);
    useEffect(() => { // what was kept may be of an older revision; what was saved is not kept
        if (!kept.ready) return;
        if (changed && base.revision === loaded.revision) return;
        if (changed) {
            kept.set({ base: loaded, mine: merge(editedOf(base), mine, editedOf(loaded)) });
            toast(words('rosterMerged'), 'warn');
        } else void kept.forget();
    }, [kept.ready, loaded.revision]);
    const edit = (part: Partial<Edited>): void => kept.set({ base, mine: { ...mine, ...part } });
    const save = async (): Promise<void> => {
        try {
            const { revision } = await server.call('roster.set', { panelId, revision: base.revision, ...mine });
            kept.set({ base: { ...base, ...mine, revision }, mine });
            toast(words('rosterSaved'), 'good');
            again();
        } catch (error) {
            if (!(error instanceof Refusal) || error.error !== 'SQ_ERR_CONFLICT') throw error;
            const theirs = await server.call('roster.get', { panelId });
            kept.set({ base: theirs, mine: merge(editedOf(base), mine, editedOf(theirs)) });
            toast(words('rosterConflict'), 'warn');
        }
    };
    if (!kept.ready) return <p role="status" class="muted">{common('loading')}</p>;
    return <>
        <p class="muted">{words('rosterZone', { offset: loaded.utcOffset })}</p>
        <div class="buttons">
            <Button look="primary" disabled={!changed} onClick={save}>{words('saveRoster')}</Button>
            <Button disabled={!changed} onClick={async () => { await kept.forget(); again(); }}>{words('discard')}</Button>
            <Button onClick={() => setOpened({ shift: null })} disabled={loaded.members.length === 0}>{words('addShift')}</Button>
            <span role="status">{changed ? words('notSaved') : ''}</span>
        </div>
        {loaded.members.length === 0 ? <p class="note">{words('noMembers')}</p> : <RosterGrid members={loaded.members} shifts={mine.shifts} onChange={(shifts) => edit({ shifts })} onOpen={(shift) => setOpened({ shift })} />}
        <Gaps shifts={mine.shifts} />
        <Exceptions members={loaded.members} exceptions={mine.exceptions} onChange={(exceptions) => edit({ exceptions })} />
        <ShiftDialog open={opened !== null} shift={opened?.shift === null || opened === null ? null : mine.shifts[opened.shift] ?? null} members={loaded.members} onClose={() => setOpened(null)}
            onDone={(shift) => { edit({ shifts: opened?.shift === null ? [...mine.shifts, shift] : mine.shifts.map((s, i) => (i === opened?.shift ? shift : s)) }); setOpened(null); }}
            onRemove={() => { edit({ shifts: mine.shifts.filter((_, i) => i !== opened?.shift) }); setOpened(null); }} />
    </>;
}

export function RosterPage({ panelId }: { panelId: string }): JSX.Element {
    const load = useLoad(() => server.call('roster.get', { panelId }), [panelId]);
    useEffect(() => { if (load.error && load.value) tell(load.error); }, [load.error]);
    return <Loaded of={load}>{(roster) => <Editor panelId={panelId} loaded={roster} again={load.again} />}</Loaded>;
}
