// SPDX-License-Identifier: Apache-2.0
// The guided form: one step a screen, its place in the address so that back and forward are the browser's own, all of
// it kept at each key.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { go } from '../app/router';
import { common } from '../text/common';
import { Button, Dialog, Loaded, errorText, useLoad } from '../ui/ui';
import { discardDraft, onlyHere, openDraft, sendDraft, type Editing } from './drafts';
import { words } from './formtext';
import { EmergencyButton } from './hold';
import { STEPS, missingOf, stepsOf, type Step } from './request';
import { ComplaintStep, FilesStep, RecordStep, VitalsStep, WhoStep, type StepProps } from './steps';
import { ConsentStep, HowStep, SendStep, StillMissing, TimesStep, WhomStep } from './stepsask';
import './village.css';

const SCREENS: Record<Exclude<Step, 'send'>, (props: StepProps) => JSX.Element> = { who: WhoStep, complaint: ComplaintStep, how: HowStep, whom: WhomStep, record: RecordStep, vitals: VitalsStep, files: FilesStep, times: TimesStep, consent: ConsentStep };

function Kept({ e }: { e: Editing }): JSX.Element {
    const refused = e.refused.value;
    const text = refused ? words('keptNot', { why: errorText(refused) }) : onlyHere(e.draft.value) ? words('keptHere') : words('keptServer');
    return <p class={`village-kept ${refused ? 'wrong' : 'muted'}`} role="status">{refused ? '' : '✓ '}{text}</p>;
}

function Form({ e, step }: { e: Editing; step: Step }): JSX.Element {
    const [asked, setAsked] = useState(false);
    const title = useRef<HTMLHeadingElement>(null);
    const { id, fields } = e.draft.value;
    const steps = stepsOf(fields.kind);
    const n = Math.max(0, steps.indexOf(step));
    useEffect(() => {
        e.at(step);
        title.current?.focus(); // a screen reader says where it is
        scrollTo(0, 0);
    }, [step]);
    const missing = missingOf(e.draft.value).length;
    const to = (s: Step): void => go('new', id, s);
    const send = async (): Promise<void> => { await sendDraft(e); go('sent', id); };
    const Screen = step === 'send' ? null : SCREENS[step];
    return <div class="village-form">
        <div class="village-progress"><span>{words('progress', { n: n + 1, all: steps.length })}</span><progress max={steps.length} value={n + 1} aria-hidden="true" /><EmergencyButton from={e} small /></div>
        <h1 ref={title} tabIndex={-1}>{words(`step.${step}`)}</h1>
        <div class="village-screen">{Screen ? <Screen e={e} /> : <SendStep e={e} steps={steps} onGo={to} onDiscard={() => setAsked(true)} />}</div>
        <div class="village-foot">
            <Button disabled={n === 0} onClick={() => to(steps[n - 1]!)}>{words('previous')}</Button>
            <Kept e={e} />
            {step !== 'send' && <StillMissing n={missing} onGo={to} />}
            {step === 'send' ? <Button look="primary" disabled={missing > 0} onClick={send}>{words('send')}</Button>
                : <Button look="primary" onClick={() => to(steps[n + 1]!)}>{common('next')}</Button>}
        </div>
        <Dialog open={asked} title={words('discard')} onClose={() => setAsked(false)}>
            <p>{words('discardSure')}</p>
            <div class="buttons"><Button look="danger primary" onClick={async () => { await discardDraft(id); go('home'); }}>{words('discard')}</Button><Button onClick={() => setAsked(false)}>{common('cancel')}</Button></div>
        </Dialog>
    </div>;
}

/** It was sent: what became of it is shown where that is told. */
function OnItsWay({ id }: { id: string }): null {
    useEffect(() => location.replace(`#/sent/${encodeURIComponent(id)}`), [id]);
    return null;
}

export function FormPage({ rest }: { rest: string[] }): JSX.Element {
    const [id = '', at = ''] = rest;
    const editing = useLoad(async () => (await openDraft(id)) ?? null, [id]);
    return <Loaded of={editing}>{(e) => {
        if (!e) return <p class="note warn">{words('gone')} <a class="button" href="#/home">{common('back')}</a></p>;
        if (e.draft.value.sending) return <OnItsWay id={id} />;
        const step = STEPS.find((s) => s === at) ?? e.draft.value.step;
        return <Form e={e} step={step} />;
    }}</Loaded>;
}
