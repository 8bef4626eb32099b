// SPDX-License-Identifier: Apache-2.0
// Who is in the call, and for the chair of an MDT: the floor, order of speaking, mute, adding and taking out.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { remember } from '../case/live';
import { useKept } from '../keep/kept';
import { common } from '../text/common';
import { Button, Choices, Dialog, Field, Loaded, toast, useLoad } from '../ui/ui';
import type { Consultation } from '../wire/protocol';
import { Refusal, type Result } from '../wire/connection';
import { server } from '../wire/server';
import { moved, ordered, type Floor } from './floor';
import { OfThem, OfUs } from './heard';
import type { Seat } from './seat';
import type { Part, Present } from './states';
import { words } from './text';

/** `lower`: whose hand goes down. */
export type Given = Pick<Floor, 'of' | 'quiet' | 'order'> & { lower?: string };

export interface PeopleProps {
    consultation: Consultation;
    present: Present[];
    own: string;
    part: Part;
    floor: Floor;
    /** The chair's word, to everybody. */
    give(floor: Given): Promise<void>;
    seat: Seat;
    askStill(who: Present): Promise<void>;
}

const TALKS: ReadonlySet<Part> = new Set(['applicant', 'specialist', 'chair', 'expert']);

export function People(props: PeopleProps): JSX.Element {
    const { present, own, part, floor, consultation: c } = props;
    const [adding, setAdding] = useState(false);
    const [removing, setRemoving] = useState<Present | null>(null);
    const chair = part === 'chair';
    const speakers = present.filter((p) => TALKS.has(p.part));
    const order = ordered(floor.order, speakers.map((p) => p.id));
    const sorted = [...present].sort((a, b) => (order.indexOf(a.id) + 100) % 100 - (order.indexOf(b.id) + 100) % 100);
    return <section class="call-people" aria-label={words('people')}>
        <ol>{sorted.map((p) => <li key={p.id}>
            <strong>{p.name}{p.id === own ? `（${words('you')}）` : ''}</strong> <span class="tag">{words(`part.${p.part}`)}</span> <span class={p.here ? 'tag good' : 'muted'}>{words(p.here ? 'here' : 'away')}</span>
            {floor.of === p.id && <span class="tag urgent">{words('floorIs', { name: p.name })}</span>}
            {floor.hands.includes(p.id) && <span class="tag urgent">{words('handUp')}</span>}
            <small class="muted call-place">{p.institution}{floor.order.length > 0 && TALKS.has(p.part) && <> · {words('orderWho', { n: order.indexOf(p.id) + 1 })}</>}</small>
            {p.id !== own && p.here && p.part !== 'observer' && <div class="call-each">{part !== 'observer' && <OfThem seat={props.seat} who={p} />}<OfUs seat={props.seat} who={p} /></div>}
            <span class="call-acts">
                {chair && p.id !== own && floor.hands.includes(p.id) && <Button look="quiet" onClick={() => props.give({ of: floor.of, quiet: false, order: floor.order, lower: p.id })}>{words('handLower')}</Button>}
                {p.id !== own && p.here && part !== 'observer' && p.part !== 'observer' && <Button look="quiet" onClick={() => props.askStill(p)}>{words('askStill')}</Button>}
                {chair && TALKS.has(p.part) && <ChairActs {...props} who={p} order={order} />}
                {chair && p.id !== own && p.part !== 'applicant' && <Button look="quiet danger" onClick={() => setRemoving(p)}>{words('remove')}</Button>}
            </span>
        </li>)}</ol>
        {chair && <div class="buttons" role="group" aria-label={words('chairTools')}>
            <Button onClick={() => setAdding(true)}>{words('addMember')}</Button>
            {floor.of !== null && <Button onClick={() => props.give({ of: null, quiet: false, order })}>{words('floorTake')}</Button>}
        </div>}
        <Dialog open={adding} title={words('addMember')} onClose={() => setAdding(false)}><AddMember consultation={c} present={present} done={() => setAdding(false)} /></Dialog>
        <Dialog open={removing !== null} title={words('removeTitle', { name: removing?.name ?? '' })} onClose={() => setRemoving(null)}>{removing && <RemoveMember consultation={c} who={removing} done={() => setRemoving(null)} />}</Dialog>
    </section>;
}

function ChairActs({ who, order, floor, own, give, consultation }: PeopleProps & { who: Present; order: string[] }): JSX.Element {
    const has = floor.of === who.id;
    const shift = (by: -1 | 1): Promise<void> => give({ of: floor.of, quiet: false, order: moved(order, who.id, by) });
    const mute = async (): Promise<void> => {
        await server.call('room.signal', { room: consultation.id, kind: 'mute', to: who.id, body: {} });
    };
    return <>
        {!has && who.here && <Button look="quiet" onClick={() => give({ of: who.id, quiet: false, order })}>{words('floorGive')}</Button>}
        {!has && who.here && <Button look="quiet" onClick={() => give({ of: who.id, quiet: true, order })}>{words('floorGive')} · {words('floorQuiet')}</Button>}
        {who.id !== own && who.here && <Button look="quiet" onClick={mute}>{words('muteAsk')}</Button>}
        <Button look="quiet" onClick={() => shift(-1)} disabled={order[0] === who.id} label={`${words('orderUp')}: ${who.name}`}>↑</Button>
        <Button look="quiet" onClick={() => shift(1)} disabled={order.at(-1) === who.id} label={`${words('orderDown')}: ${who.name}`}>↓</Button>
    </>;
}

/** null: the directory shows a panel's people to its members and coordinators only. */
async function membersOf(panelId: string): Promise<Result<'directory.presence'>['members'] | null> {
    try {
        return (await server.call('directory.presence', { panelId })).members;
    } catch (error) {
        if (error instanceof Refusal) return null;
        throw error;
    }
}

/** Anybody of a panel that the directory shows; the server says who may not. */
function AddMember({ consultation: c, present, done }: { consultation: Consultation; present: Present[]; done(): void }): JSX.Element {
    const [panel, setPanel] = useState(c.panel.id);
    const [role, setRole] = useState<'expert' | 'observer'>('expert');
    const [who, setWho] = useState('');
    const panels = useLoad(async () => (await server.call('directory.panels', {})).panels, []);
    const members = useLoad(() => membersOf(panel), [panel]);
    const add = async (): Promise<void> => {
        const { consultation } = await server.call('consultation.addMember', { id: c.id, accountId: who.trim(), role });
        remember(consultation);
        const name = consultation.members?.find((m) => m.account.id === who.trim())?.account.name ?? members.value?.find((m) => m.account.id === who)?.account.name;
        toast(name === undefined ? words('invited') : words('added', { name }), 'good');
        done();
    };
    const roles: ['expert' | 'observer', string][] = [['expert', words('part.expert')], ['observer', words('part.observer')]];
    return <>
        <Loaded of={panels}>{(all) => (all.length === 0 ? <p class="muted">{words('noPanels')}</p>
            : <Field label={words('addPanel')}><select value={panel} onChange={(e) => { setPanel(e.currentTarget.value); setWho(''); }}>{all.map((p) => <option key={p.id} value={p.id}>{p.name} · {p.institution.name}</option>)}</select></Field>)}</Loaded>
        <Loaded of={members}>{(all) => all === null ? <p class="note" role="status">{words('addUnseen')}</p> : <Field label={words('addWho')}><select value={who} onChange={(e) => setWho(e.currentTarget.value)}><option value="" />
            {all.filter((m) => !present.some((p) => p.id === m.account.id)).map((m) => <option key={m.account.id} value={m.account.id}>{m.account.name} · {words(m.onDuty ? 'onDutyNow' : m.reachable ? 'here' : 'notReachable')}</option>)}</select></Field>}</Loaded>
        <Field label={words('addId')} hint={words('addIdWhy')}><input value={who} autocomplete="off" maxLength={64} onInput={(e) => setWho(e.currentTarget.value)} /></Field>
        <Choices label={words('addAs')} value={role} options={roles} onChange={(r) => setRole(r)} />
        {role === 'observer' && <p class="muted">{words('addObserver')}</p>}
        <div class="buttons"><Button look="primary" disabled={!who.trim()} onClick={add}>{words('add')}</Button><Button onClick={done}>{common('cancel')}</Button></div>
    </>;
}

function RemoveMember({ consultation: c, who, done }: { consultation: Consultation; who: Present; done(): void }): JSX.Element {
    const { value: { reason }, ready, set, forget } = useKept(`form/remove/${c.id}/${who.id}`, { reason: '' });
    const remove = async (): Promise<void> => {
        const { consultation } = await server.call('consultation.removeMember', { id: c.id, accountId: who.id, ...(reason.trim() ? { reason: reason.trim() } : {}) });
        remember(consultation);
        await forget();
        done();
    };
    return <>
        <p>{words('removeText')}</p>
        {ready && <Field label={words('removeReason')}><input value={reason} maxLength={200} onInput={(e) => set({ reason: e.currentTarget.value })} /></Field>}
        <div class="buttons"><Button look="danger primary" onClick={remove}>{words('remove')}</Button><Button onClick={done}>{common('cancel')}</Button></div>
    </>;
}
