// SPDX-License-Identifier: Apache-2.0
// The free times of a panel, a tap each: to name as possible when asking, and to agree on one when a specialist has
// accepted. Times are of this machine's zone.
import type { JSX } from 'preact';
import { remember } from '../case/live';
import { clock, when } from '../text/text';
import { Button, Loaded, toast, useLoad } from '../ui/ui';
import type { Result } from '../wire/connection';
import type { Consultation } from '../wire/protocol';
import { server } from '../wire/server';
import { words } from './text';

export type Slot = Result<'schedule.slots'>['slots'][number];

const AHEAD_MS = 28 * 24 * 3600_000;
const SHOWN = 12; // more than that nobody reads

async function freeSlots(panelId: string): Promise<Slot[]> {
    const from = new Date();
    const { slots } = await server.call('schedule.slots', { panelId, from: from.toISOString(), until: new Date(from.getTime() + AHEAD_MS).toISOString(), free: true });
    return slots.filter((s) => Date.parse(s.start) > Date.now()).slice(0, SHOWN);
}

export const spanWords = (s: { start: string; end: string }): string => `${when(s.start)}–${clock(s.end)}`;

interface Props { panelId: string; chosen?: (s: Slot) => boolean; onPick(s: Slot): unknown; turn?: number }

/** `turn`: loaded anew when it changes. */
export function FreeSlots({ panelId, chosen, onPick, turn }: Props): JSX.Element {
    const slots = useLoad(() => freeSlots(panelId), [panelId, turn, server.state.value]);
    if (server.state.value !== 'ready' && !slots.value) return <p class="muted">{words('slotsOffline')}</p>;
    return <Loaded of={slots}>{(free) => free.length === 0 ? <p class="muted">{words('slotsNone')}</p>
        : <div class="buttons village-slots">{free.map((s) => <Button key={s.id} {...(chosen ? { pressed: chosen(s) } : {})} onClick={() => onPick(s)}>{spanWords(s)}</Button>)}</div>}</Loaded>;
}

/** A time for a case that has none yet, or another one: of those that the applicant named, or a free one of the panel. */
export function Appointment({ c }: { c: Consultation }): JSX.Element {
    const take = async (at: { slotId: string } | { start: string; end: string }): Promise<void> => {
        const { consultation } = await server.call('consultation.schedule', { id: c.id, ...at });
        remember(consultation);
        toast(words('slotTaken', { time: when(consultation.slot!.start) }), 'good');
    };
    const named = (c.candidateTimes ?? []).filter((t) => Date.parse(t.start) > Date.now() && t.start !== c.slot?.start);
    return <>
        {named.length > 0 && <><h3>{words('slotsNamed')}</h3><div class="buttons village-slots">{named.map((t) => <Button key={t.start} onClick={() => take({ start: t.start, end: t.end })}>{spanWords(t)}</Button>)}</div></>}
        <h3>{words('slotsFree')}</h3>
        <FreeSlots panelId={c.panel.id} turn={c.revision} onPick={(s) => take({ slotId: s.id })} />
    </>;
}
