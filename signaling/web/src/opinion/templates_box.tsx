// SPDX-License-Identifier: Apache-2.0
// Choosing, saving, exporting templates. What is written is never overwritten by one.
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { common } from '../text/common';
import { language } from '../text/text';
import { Button, Dialog, Field, Loaded, toast, useLoad } from '../ui/ui';
import type { Consultation } from '../wire/protocol';
import { builtin } from './builtin';
import { TEXTS } from './document';
import type { Drafting } from './drafting';
import { words } from './editor_text';
import { deleteTemplate, keepTemplates, ownTemplates } from './own_templates';
import { apply, fill, inOrder, readExport, type Facts, type Template, type TemplateText } from './templates';

/** No name, no number: a template asks for nothing that says who it is. */
function factsOf(c: Consultation): Facts {
    const { patient } = c;
    return {
        age: patient?.ageYears === undefined ? '' : common('years', { n: patient.ageYears }),
        sex: patient?.sex && patient.sex !== 'unknown' ? common(`sex.${patient.sex}`) : '',
        complaint: c.complaint ?? '', results: c.results ?? '', diagnosis: c.diagnosis ?? '',
    };
}

function Row({ template, facts, onUse, onDelete }: { template: Template; facts: Facts; onUse(): void; onDelete?: () => Promise<void> }): JSX.Element {
    const filled = fill(template.text, facts);
    const first = TEXTS.map((f) => filled[f]).find(Boolean) ?? '';
    return <li class="opinion-template"><button type="button" class="opinion-template-use" onClick={onUse}><strong>{template.name}</strong><span class="muted">{first.split('\n')[0]}</span></button>
        {onDelete && <Button look="quiet" label={words('deleteTemplate', { name: template.name })} onClick={onDelete}>{common('delete')}</Button>}</li>;
}

function download(templates: Template[]): void {
    const url = URL.createObjectURL(new Blob([JSON.stringify({ shanqiaoTemplates: templates }, null, 2)], { type: 'application/json' }));
    const link = Object.assign(document.createElement('a'), { href: url, download: 'shanqiao-templates.json' });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function Import({ onDone }: { onDone(): void }): JSX.Element {
    const file = useRef<HTMLInputElement>(null);
    const read = async (): Promise<void> => {
        const chosen = file.current?.files?.[0];
        const found = chosen && chosen.size < 2_000_000 ? readExport(await chosen.text()) : null;
        if (!found) { toast(words('importBad'), 'bad'); return; }
        await keepTemplates(found);
        toast(words('imported', { n: found.length }), 'good');
        onDone();
    };
    return <><input ref={file} type="file" accept="application/json,.json" class="sr" tabIndex={-1} aria-label={words('importTemplates')} onChange={() => void read()} /><Button look="quiet" onClick={() => file.current?.click()}>{words('importTemplates')}</Button></>;
}

export function TemplatesDialog({ open, of, consultation, onClose }: { open: boolean; of: Drafting; consultation: Consultation; onClose(): void }): JSX.Element {
    const own = useLoad(ownTemplates, [open]);
    const facts = factsOf(consultation);
    const use = (template: Template): void => {
        of.change(apply(of.draft.value, fill(template.text, facts)));
        onClose();
        toast(words('applied'));
    };
    return <Dialog open={open} title={words('templates')} onClose={onClose}>
        <h3>{words('own')}</h3>
        <Loaded of={own}>{(list) => list.length === 0 ? <p class="muted">{words('ownNone')}</p> : <ul class="opinion-templates">{inOrder(list, consultation.specialty).map((t) => <Row key={t.id} template={t} facts={facts} onUse={() => use(t)} onDelete={() => deleteTemplate(t.id).then(own.again)} />)}</ul>}</Loaded>
        <h3>{words('builtin')}</h3>
        <ul class="opinion-templates">{inOrder(builtin(language.value), consultation.specialty).map((t) => <Row key={t.id} template={t} facts={facts} onUse={() => use(t)} />)}</ul>
        <div class="buttons"><Button onClick={onClose}>{common('close')}</Button><Import onDone={own.again} />{!!own.value?.length && <Button look="quiet" onClick={() => download(own.value ?? [])}>{words('exportTemplates')}</Button>}</div>
    </Dialog>;
}

export function SaveTemplate({ open, of, specialty, onClose }: { open: boolean; of: Drafting; specialty: string | undefined; onClose(): void }): JSX.Element {
    const [name, setName] = useState('');
    const save = async (): Promise<void> => {
        const draft = of.draft.value;
        const text: TemplateText = {};
        for (const field of TEXTS) if (draft[field].trim()) text[field] = draft[field];
        if (draft.followUpDays !== null) text.followUpDays = draft.followUpDays;
        await keepTemplates([{ id: `own.${crypto.randomUUID()}`, name: name.trim(), specialties: specialty ? [specialty] : [], text }]);
        setName('');
        onClose();
        toast(words('templateKept'), 'good');
    };
    return <Dialog open={open} title={words('saveTemplate')} onClose={onClose}>
        <p class="note warn">{words('templateWarn')}</p>
        <Field label={words('templateName')}><input maxLength={80} value={name} onInput={(e) => setName(e.currentTarget.value)} /></Field>
        <div class="buttons"><Button look="primary" disabled={!name.trim()} onClick={save}>{common('save')}</Button><Button onClick={onClose}>{common('cancel')}</Button></div>
    </Dialog>;
}
