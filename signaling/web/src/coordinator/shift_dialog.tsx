// SPDX-License-Identifier: Apache-2.0
// A shift in exact words: who, which days, from when to when, between which dates.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { common } from '../text/common';
import { Button, Dialog, Field } from '../ui/ui';
import { WEEKDAYS, sortDays, type Roster, type Shift, type Weekday } from './roster';
import { words } from './text';

interface Props { open: boolean; shift: Shift | null; members: Roster['members']; onDone(shift: Shift): void; onRemove(): void; onClose(): void }

const fresh = (members: Roster['members']): Shift => ({ account: members[0]?.account.id ?? '', weekdays: ['mon', 'tue', 'wed', 'thu', 'fri'], start: '08:00', end: '17:00' });

function cleaned(s: Shift): Shift {
    const { from, until, ...rest } = s;
    return { ...rest, weekdays: sortDays(s.weekdays), ...(from ? { from } : {}), ...(until ? { until } : {}) };
}

function Form({ shift, members, onDone, onRemove, onClose }: Omit<Props, 'open'>): JSX.Element {
    const [form, setForm] = useState<Shift>(shift ?? fresh(members));
    const set = (part: Partial<Shift>): void => setForm((f) => ({ ...f, ...part }));
    const toggle = (d: Weekday): void => set({ weekdays: form.weekdays.includes(d) ? form.weekdays.filter((x) => x !== d) : [...form.weekdays, d] });
    const badDates = Boolean(form.from && form.until && form.until < form.from);
    const good = form.weekdays.length > 0 && /^\d\d:\d\d$/.test(form.start) && /^\d\d:\d\d$/.test(form.end) && !badDates;
    return <form onSubmit={(e) => { e.preventDefault(); if (good) onDone(cleaned(form)); }}>
        <Field label={words('person')}><select value={form.account} onChange={(e) => set({ account: e.currentTarget.value })}>{members.map((m) => <option key={m.account.id} value={m.account.id}>{m.account.name}</option>)}</select></Field>
        <fieldset class="choices"><legend>{words('weekdays')}</legend>{WEEKDAYS.map((d) => <label key={d}><input type="checkbox" checked={form.weekdays.includes(d)} onChange={() => toggle(d)} />{words(`day.${d}`)}</label>)}</fieldset>
        <div class="coordinator-filters">
            <Field label={words('from')}><input type="time" step={300} required value={form.start} onInput={(e) => set({ start: e.currentTarget.value })} /></Field>
            <Field label={words('until')} hint={form.end <= form.start ? words('nextDay') : undefined}><input type="time" step={300} required value={form.end} onInput={(e) => set({ end: e.currentTarget.value })} /></Field>
            <Field label={words('firstDay')} hint={words('optional')}><input type="date" value={form.from ?? ''} onInput={(e) => set({ from: e.currentTarget.value })} /></Field>
            <Field label={words('lastDay')} hint={words('optional')} wrong={badDates ? words('badDates') : undefined}><input type="date" value={form.until ?? ''} onInput={(e) => set({ until: e.currentTarget.value })} /></Field>
        </div>
        <div class="buttons"><Button look="primary" submit disabled={!good}>{common('ok')}</Button>{shift && <Button look="danger" onClick={onRemove}>{words('removeShift')}</Button>}<Button onClick={onClose}>{common('cancel')}</Button></div>
    </form>;
}

export function ShiftDialog(props: Props): JSX.Element {
    const [turn, setTurn] = useState(0);
    useEffect(() => { if (props.open) setTurn((n) => n + 1); }, [props.open]);
    return <Dialog open={props.open} title={words(props.shift ? 'editShift' : 'addShift')} onClose={props.onClose}><Form key={turn} {...props} /></Dialog>;
}
