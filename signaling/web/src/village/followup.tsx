// SPDX-License-Identifier: Apache-2.0
// What became of the patient: three answers, kept while they are given, told to the specialist.
import type { JSX } from 'preact';
import { go } from '../app/router';
import { CaseNext, patientWords, useCase } from '../case/case';
import { words as caseWords } from '../case/text';
import { useKept } from '../keep/kept';
import { common } from '../text/common';
import { Button, Choices, Field, Loaded } from '../ui/ui';
import type { Params } from '../wire/connection';
import type { Consultation } from '../wire/protocol';
import { act } from './acts';
import { clean } from './request';
import { Quick, added } from './steps';
import { words } from './text';
import './village.css';

interface Answers { outcome: string; concordance: Params<'consultation.outcome'>['concordance'] | ''; avoided: '' | 'yes' | 'no' }
const NONE: Answers = { outcome: '', concordance: '', avoided: '' };
const CONCORDANCES = ['agrees', 'agrees_in_part', 'differs', 'unknown'] as const;

function Questions({ c }: { c: Consultation }): JSX.Element {
    const { value: answers, ready, set, forget } = useKept(`form/outcome/${c.id}`, NONE);
    const { outcome, concordance, avoided } = answers;
    const whole = clean(outcome) !== '' && concordance !== '' && avoided !== '';
    const send = async (): Promise<void> => {
        if (!whole) return;
        await act(c.id, 'outcome', 'consultation.outcome', { id: c.id, outcome: clean(outcome), concordance, avoidedTransfer: avoided === 'yes' });
        await forget();
        go('case', c.id);
    };
    if (!ready) return <p role="status" class="muted">{common('loading')}</p>;
    return <>
        <Field label={words('outcome')} hint={words('outcomeHint')}><textarea rows={4} maxLength={4000} value={outcome} onInput={(e) => set({ outcome: e.currentTarget.value })} /></Field>
        <Quick label="" options={words('outcome.list').split(',')} onPick={(o) => set({ outcome: added(outcome, o) })} />
        <Choices label={words('concordance')} value={concordance} options={CONCORDANCES.map((k) => [k, caseWords(`concordance.${k}`)])} onChange={(k) => set({ concordance: k })} />
        <Choices label={words('avoided')} value={avoided} options={[['yes', words('avoidedYes')], ['no', words('avoidedNo')]]} onChange={(a) => set({ avoided: a })} />
        {!whole && <p class="muted" role="status">{words('outcomeMissing')}</p>}
        <Button look="primary huge" disabled={!whole} onClick={send}>{words('saveOutcome')}</Button>
    </>;
}

export function FollowUpPage({ rest }: { rest: string[] }): JSX.Element {
    const live = useCase(rest[0] ?? '');
    return <Loaded of={live}>{(c) => <div class="village-form">
        <h1>{words('followUp')}</h1><p>{patientWords(c.patient)}</p>
        {c.state === 'acknowledged' || c.state === 'follow_up_due' ? <Questions c={c} /> : <CaseNext consultation={c} />}
    </div>}</Loaded>;
}
