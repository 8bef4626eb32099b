// SPDX-License-Identifier: Apache-2.0
// Screens of the guided form that ask about the patient. One question a screen, big targets, nothing lost between them.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { common } from '../text/common';
import { Button, Choices, Field } from '../ui/ui';
import { AddFiles, AttachedList, halves, namesOfCase } from './attach';
import type { Editing } from './drafts';
import { words } from './formtext';
import { readIdNumber, tidyIdNumber } from './idnumber';
import { VITALS, ageOf, unitWords, vitalWrong, type TextField } from './request';
import { PlayNote, VoiceNote } from './voice';

export interface StepProps { e: Editing }

const list = (key: 'quick.list' | 'lasting.list' | 'purpose.list'): string[] => words(key).split(',');

/** Words that a tap adds to a text. */
function Quick({ label, options, onPick }: { label: string; options: string[]; onPick(text: string): void }): JSX.Element {
    return <div class="village-quick" role="group" aria-label={label || undefined}>{label && <span class="muted">{label}</span>}{options.map((o) => <Button key={o} onClick={() => onPick(o)}>{o}</Button>)}</div>;
}

function added(text: string, more: string): string {
    const joint = /[\u4e00-\u9fff]/.test(more) ? '，' : ', ';
    return text.includes(more) ? text : text.trim() ? `${text.trim()}${joint}${more}` : more;
}

export function TextArea({ e, field, label, hint, rows }: StepProps & { field: TextField; label: string; hint?: string; rows?: number }): JSX.Element {
    return <Field label={label} hint={hint}><textarea rows={rows ?? 3} value={e.draft.value.fields[field]} onInput={(ev) => e.fields({ [field]: ev.currentTarget.value })} /></Field>;
}

function idWords(text: string): { good?: string; wrong?: string } {
    const tidy = tidyIdNumber(text);
    if (!tidy) return {};
    const read = readIdNumber(tidy, new Date());
    if (read.ok) return { good: words('idOk', { sex: common(`sex.${read.sex}`), age: common('years', { n: read.ageYears }) }) };
    return { wrong: words(`id.${read.why}`) };
}

export function WhoStep({ e }: StepProps): JSX.Element {
    const f = e.draft.value.fields;
    const typed = (text: string): void => {
        const read = readIdNumber(text, new Date());
        e.fields(read.ok ? { idNumber: tidyIdNumber(text), sex: read.sex, age: String(read.ageYears) } : { idNumber: text });
    };
    const id = idWords(f.idNumber);
    const [typing, setTyping] = useState(false); // not found fault with before it is whole
    const wrong = typing && tidyIdNumber(f.idNumber).length < 18 ? undefined : id.wrong;
    return <>
        <Field label={words('idNumber')} hint={`${words('optional')} · ${words('idHint')}`} wrong={wrong}>
            <input inputMode="text" autocomplete="off" maxLength={40} value={f.idNumber} onInput={(ev) => typed(ev.currentTarget.value)} onFocus={() => setTyping(true)} onBlur={() => setTyping(false)} /></Field>
        {id.good && <p class="note good" role="status">✓ {id.good}</p>}
        <div class="village-pair">
            <Field label={words('name')}><input autocomplete="off" maxLength={80} value={f.name} onInput={(ev) => e.fields({ name: ev.currentTarget.value })} /></Field>
            <Field label={words('age')} wrong={f.age && ageOf(f.age) === undefined ? words('ageWrong') : undefined}><input inputMode="numeric" maxLength={3} value={f.age} onInput={(ev) => e.fields({ age: ev.currentTarget.value })} /></Field>
        </div>
        <Choices label={words('sex')} value={f.sex} options={[['male', common('sex.male')], ['female', common('sex.female')], ['unknown', common('sex.unknown')]]} onChange={(sex) => e.fields({ sex })} />
    </>;
}

export function ComplaintStep({ e }: StepProps): JSX.Element {
    const f = e.draft.value.fields;
    const notes = e.draft.value.files.filter((a) => a.what === 'audio');
    return <>
        <VoiceNote slot={e.draft.value.id} onDone={async (note) => {
            await e.attach([note]);
            if (!e.draft.value.fields.complaint.trim()) e.fields({ complaint: words('seeVoice') });
        }} />
        {notes.map((note) => <div key={note.file.id} class="village-note"><PlayNote note={note} /><Button look="danger quiet" label={words('removeFile', { name: note.file.name })} onClick={() => e.detach(note)}>✕</Button></div>)}
        <TextArea e={e} field="complaint" label={common('field.complaint')} hint={words('complaintHint')} />
        <Quick label={words('quick')} options={list('quick.list')} onPick={(o) => e.fields({ complaint: added(f.complaint, o) })} />
        <Quick label={words('lasting')} options={list('lasting.list')} onPick={(o) => e.fields({ complaint: added(f.complaint, o) })} />
    </>;
}

export function RecordStep({ e }: StepProps): JSX.Element {
    return <>
        <p class="muted">{words('skipHint')}</p>
        <TextArea e={e} field="history" label={common('field.history')} />
        <TextArea e={e} field="allergy" label={common('field.allergy')} rows={2} />
        <TextArea e={e} field="treatment" label={common('field.treatment')} rows={2} />
        <TextArea e={e} field="results" label={common('field.results')} rows={2} />
        <TextArea e={e} field="diagnosis" label={common('field.diagnosis')} rows={2} />
    </>;
}

export function VitalsStep({ e }: StepProps): JSX.Element {
    const typed = e.draft.value.vitals;
    return <>
        <p class="muted">{words('skipHint')}</p>
        <div class="village-vitals">{VITALS.map((v) => <Field key={v.code} label={words(`vital.${v.code}`)} hint={unitWords(v)} wrong={vitalWrong(v, typed[v.code] ?? '') ? words('vitalWrong', { least: v.least, most: v.most }) : undefined}>
            <input inputMode="decimal" maxLength={6} value={typed[v.code] ?? ''} onInput={(ev) => e.set({ vitals: { ...typed, [v.code]: ev.currentTarget.value } })} /></Field>)}</div>
    </>;
}

export function FilesStep({ e }: StepProps): JSX.Element {
    const { files, id, returned } = e.draft.value;
    const held = async (): Promise<string[] | undefined> => {
        const there = returned ? await namesOfCase(id) : [];
        return there && [...there, ...files.map((a) => a.file.name)];
    };
    return <>
        <AddFiles onAdd={(more) => e.attach(more)} held={held} />
        <h2>{words('attached')}</h2>
        <AttachedList files={files} onRemove={(a) => void e.detach(a)} />
        {halves(files).map((name) => <p key={name} class="note warn" role="status">{words('wfdbHalf', { name })}</p>)}
    </>;
}

export { Quick, added, list };
