// SPDX-License-Identifier: Apache-2.0
// Leave, and duty in addition, on certain days.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Button, Choices, Field } from '../ui/ui';
import type { Exception, Roster } from './roster';
import { words } from './text';

interface Props { members: Roster['members']; exceptions: Exception[]; onChange(exceptions: Exception[]): void }

const EMPTY = { account: '', from: '', until: '', kind: 'leave' as 'leave' | 'duty', note: '' };

/** "2026-01-31T08:30" of the browser -> "2026-01-31 08:30" of the wire. */
const onWire = (local: string): string => local.slice(0, 16).replace('T', ' ');

export function Exceptions({ members, exceptions, onChange }: Props): JSX.Element {
    const [form, setForm] = useState(EMPTY);
    const set = (part: Partial<typeof form>): void => setForm((f) => ({ ...f, ...part }));
    const backward = Boolean(form.from && form.until && form.until <= form.from);
    const good = form.account && form.from && form.until && !backward;
    const nameOf = (id: string): string => members.find((m) => m.account.id === id)?.account.name ?? id;
    const add = (): void => {
        onChange([...exceptions, { account: form.account, from: onWire(form.from), until: onWire(form.until), onDuty: form.kind === 'duty', ...(form.note.trim() ? { note: form.note.trim() } : {}) }]);
        setForm(EMPTY);
    };
    return <section class="card"><h2>{words('exceptions')}</h2>
        {exceptions.length === 0 ? <p class="muted">{words('noExceptions')}</p> : <ul class="coordinator-people">{exceptions.map((x, i) => <li key={i}>
            <span class={`tag ${x.onDuty ? 'good' : 'urgent'}`}>{words(x.onDuty ? 'extraDuty' : 'leave')}</span><strong>{nameOf(x.account)}</strong><span>{x.from} – {x.until}</span>{x.note && <span class="muted">{x.note}</span>}
            <Button look="quiet" label={`${words('remove')} ${nameOf(x.account)} ${x.from}`} onClick={() => onChange(exceptions.filter((_, at) => at !== i))}>{words('remove')}</Button></li>)}</ul>}
        <Choices label={words('exceptionKind')} value={form.kind} options={[['leave', words('leave')], ['duty', words('extraDuty')]]} onChange={(kind) => set({ kind })} />
        <div class="coordinator-filters">
            <Field label={words('person')}><select value={form.account} onChange={(e) => set({ account: e.currentTarget.value })}><option value="">{words('choose')}</option>{members.map((m) => <option key={m.account.id} value={m.account.id}>{m.account.name}</option>)}</select></Field>
            <Field label={words('from')}><input type="datetime-local" step={300} value={form.from} onInput={(e) => set({ from: e.currentTarget.value })} /></Field>
            <Field label={words('until')} wrong={backward ? words('badDates') : undefined}><input type="datetime-local" step={300} value={form.until} onInput={(e) => set({ until: e.currentTarget.value })} /></Field>
            <Field label={words('note')} hint={words('optional')}><input maxLength={120} value={form.note} onInput={(e) => set({ note: e.currentTarget.value })} /></Field>
        </div>
        <Button disabled={!good} onClick={add}>{words('addException')}</Button>
    </section>;
}
