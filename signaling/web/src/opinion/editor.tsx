// SPDX-License-Identifier: Apache-2.0
// The fields of an opinion. Shows how far the draft is kept, what was changed elsewhere, and what would be refused.
// Refuses to sign: sign.tsx does, on what is shown here.
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { useShortcuts } from '../ui/shortcuts';
import { Button, Field, errorText, toast } from '../ui/ui';
import { CodesBox } from './codes_box';
import { TEXTS, type TextField } from './document';
import { problemsOf, type DraftField } from './draft';
import type { Drafting } from './drafting';
import { words } from './editor_text';
import { nextBlank } from './templates';
import { words as names } from './text';

const FOLLOW_UPS = [0, 1, 3, 7, 14, 30, 90];
const SHORT: readonly TextField[] = ['findings', 'diagnosis', 'advice', 'limits']; // of a reading; the others folded away

export function fieldName(field: DraftField): string {
    if (field === 'diagnosisCodes') return words('codes');
    if (field === 'reducedQuality') return words('reduced');
    if (field === 'followUpDays') return words('followUp');
    if (field === 'criticalReported') return words('critical');
    return names(`field.${field}`);
}

function Area({ of, field }: { of: Drafting; field: TextField | 'criticalReported' }): JSX.Element {
    const text = of.draft.value[field];
    const max = field === 'criticalReported' ? 1000 : 4000;
    const rows = Math.min(16, Math.max(field === 'criticalReported' ? 2 : 3, text.split('\n').length + 1));
    const hint = text.length > max * 0.8 ? words('chars', { n: [...text].length, max }) : field === 'criticalReported' ? undefined : words(`hint.${field}`);
    return <Field label={fieldName(field)} hint={hint}>
        <textarea class="opinion-area" name={field} rows={rows} value={text} spellcheck={false} onInput={(e) => of.change({ [field]: e.currentTarget.value })} />
    </Field>;
}

function FollowUp({ of }: { of: Drafting }): JSX.Element {
    const days = of.draft.value.followUpDays;
    return <div class="opinion-follow">
        <Field label={words('followUp')}><input type="number" inputMode="numeric" min={0} max={3650} step={1} value={days ?? ''} onInput={(e) => of.change({ followUpDays: e.currentTarget.value === '' ? null : Number(e.currentTarget.value) })} /></Field>
        <div class="buttons" role="group" aria-label={words('followUp')}>{FOLLOW_UPS.map((n) => <Button key={n} look="quiet" pressed={days === n} onClick={() => of.change({ followUpDays: days === n ? null : n })}>{n === 0 ? words('followUp.none') : String(n)}</Button>)}</div>
    </div>;
}

function Conflicts({ of }: { of: Drafting }): JSX.Element {
    const fields = Object.keys(of.conflicts.value) as DraftField[];
    return <>{fields.map((field) => <div key={field} class="note warn" role="alert">
        <p>{words('conflict', { field: fieldName(field) })}</p>
        <details><summary>{words('otherText')}</summary><p class="opinion-text">{String(of.conflicts.value[field] ?? '')}</p></details>
        <div class="buttons"><Button onClick={() => of.settle(field, false)}>{words('mine')}</Button><Button onClick={() => of.settle(field, true)}>{words('theirs')}</Button></div>
    </div>)}</>;
}

/** How far the draft is kept, in words, and why not further. */
export function DraftStatus({ of }: { of: Drafting }): JSX.Element {
    const state = of.state.value;
    return <span class={`tag ${state === 'saved' ? 'good' : state === 'refused' ? 'urgent' : ''}`} role="status" title={of.error.value ? errorText(of.error.value) : undefined}>{words(`state.${state}`)}</span>;
}

/** The caret to the next "____" of the field it is in, then of those that follow. */
function goToBlank(root: HTMLElement | null): void {
    const areas = [...(root?.querySelectorAll<HTMLTextAreaElement>('textarea.opinion-area') ?? [])];
    const at = Math.max(0, areas.indexOf(document.activeElement as HTMLTextAreaElement));
    const here = document.activeElement === areas[at] ? areas[at]!.selectionEnd : 0;
    const order = [...areas.slice(at), ...areas.slice(0, at)];
    for (const [i, area] of order.entries()) {
        const found = nextBlank(area.value, i === 0 ? here : 0);
        if (!found || (i === 0 && found.start < here && order.some((o, j) => j > 0 && nextBlank(o.value, 0)))) continue;
        area.closest('details')?.setAttribute('open', '');
        area.focus();
        area.setSelectionRange(found.start, found.end);
        return;
    }
    toast(words('noBlank'));
}

export function OpinionEditor({ of, reading, live }: { of: Drafting; reading: boolean; live: boolean }): JSX.Element {
    const root = useRef<HTMLDivElement>(null);
    useShortcuts(live ? [
        { keys: 'F2', what: words('nextBlank'), run: () => goToBlank(root.current) },
        { keys: 'Ctrl+S', what: words('saveNow'), run: () => of.flush().then(() => toast(words(`state.${of.state.value}`)), (error) => toast(words('unsaved', { why: errorText(error) }), 'warn')) },
    ] : [], [of, live]);
    const shown: readonly TextField[] = reading ? SHORT : TEXTS;
    const folded = TEXTS.filter((f) => !shown.includes(f));
    return <div class="opinion-editor" ref={root}>
        <Conflicts of={of} />
        {problemsOf(of.draft.value).map((p) => <div key={p.field + p.what} class="note bad" role="alert">{words(`problem.${p.what}`, { field: fieldName(p.field), max: p.max })}</div>)}
        {shown.slice(0, 2).map((field) => <Area key={field} of={of} field={field} />)}
        <CodesBox codes={of.draft.value.diagnosisCodes} onChange={(diagnosisCodes) => of.change({ diagnosisCodes })} />
        {shown.slice(2).map((field) => <Area key={field} of={of} field={field} />)}
        <label class="tick"><input type="checkbox" checked={of.draft.value.reducedQuality} onChange={(e) => of.change({ reducedQuality: e.currentTarget.checked })} />{words('reduced')}</label>
        <FollowUp of={of} />
        {folded.length > 0 && <details open={folded.some((f) => of.draft.value[f])}><summary>{words('moreFields')}</summary>{folded.map((field) => <Area key={field} of={of} field={field} />)}</details>}
        <Area of={of} field="criticalReported" />
    </div>;
}
