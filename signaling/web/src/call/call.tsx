// SPDX-License-Identifier: Apache-2.0
// The page of a call: enters by itself, comes back by itself after a drop or a reload, and is left or ended only by a
// button. What media do is in media.ts, what is measured in watch.ts.
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { go } from '../app/router';
import { running } from '../app/running';
import { account } from '../app/session';
import { CaseNext } from '../case/case';
import { remember, useCase } from '../case/live';
import { Button, Loaded, errorText, toast } from '../ui/ui';
import type { Consultation } from '../wire/protocol';
import { notOurs } from '../wire/connection';
import { server } from '../wire/server';
import { Room } from './room';
import { usePresence } from './presence';
import { forget, take } from './prepare';
import { isOver, partOf } from './states';
import { words } from './text';
import './call.css';

export function CallPage({ rest }: { rest: string[] }): JSX.Element {
    const [id] = rest;
    return id ? <OfCase key={id} id={id} /> : <p class="note warn">{words('noCall')}</p>;
}

function OfCase({ id }: { id: string }): JSX.Element {
    const seat = useMemo(() => take(id), [id]); // at once: media come up while the case loads
    const live = useCase(id);
    const c = live.value;
    const over = c !== undefined && isOver(c);
    const out = notOurs(live.error) || (c !== undefined && partOf(c, seat.account) === 'none');
    useEffect(() => { if (out || over) forget(id); }, [out, over]);
    if (out) return <div class="card" role="status"><h1>{words('callTitle')}</h1><p>{words('notYours')}</p><div class="buttons"><a class="button primary" href="#/">{words('toHome')}</a></div></div>;
    return <Loaded of={live}>{(value) => {
        if (over) return <Over consultation={value} />;
        return partOf(value, seat.account) === 'rung' ? <Rung consultation={value} /> : <Inside consultation={value} />;
    }}</Loaded>;
}

function Inside({ consultation: c }: { consultation: Consultation }): JSX.Element {
    const seat = useMemo(() => take(c.id), [c.id]);
    const part = partOf(c, seat.account);
    const barred = seat.barred.value;
    usePresence(c, seat);
    const leave = async (): Promise<void> => {
        running.value = null;
        const left = seat.leave();
        forget(c.id);
        go('');
        await left;
        toast(words('left'), 'good');
    };
    const end = async (): Promise<void> => {
        const { consultation } = await server.call('consultation.end', { id: c.id });
        remember(consultation);
    };
    return <>
        {barred !== null && !seat.entered.value && <div class="note warn" role="status"><p>{words('barred', { why: errorText(barred) })} {words('barredRetry')}</p><a class="button" href={`#/device-check/${encodeURIComponent(c.id)}`}>{words('checkFirst')}</a></div>}
        <Room consultation={c} seat={seat} part={part} leave={leave} end={end} />
    </>;
}

function Rung({ consultation: c }: { consultation: Consultation }): JSX.Element {
    const accept = async (): Promise<void> => remember((await server.call('consultation.accept', { id: c.id })).consultation);
    return <div class="card"><h1>{words('callTitle')}</h1><p>{words('enterFirst')}</p><CaseNext consultation={c} /><Button look="primary huge" onClick={accept}>{words('accept')}</Button></div>;
}

function Over({ consultation: c }: { consultation: Consultation }): JSX.Element {
    useEffect(() => { if (running.value === c.id) running.value = null; }, [c.id]);
    const writes = account.value?.roles.includes('specialist') && c.state === 'opinion_drafted' && partOf(c, account.value.id) !== 'observer';
    const observed = account.value?.roles.includes('trainee'); // and has no page of cases
    const place = account.value?.roles.includes('specialist') ? 'consult' : 'case';
    const alone = c.startedAt === undefined; // nobody answered, or nobody may
    return <div class="card" role="status"><h1>{words(alone ? 'notMet' : 'over')}</h1><CaseNext consultation={c} />
        <div class="buttons">{alone && c.kind === 'emergency' && c.applicant.id === account.value?.id && <a class="button danger primary" href="tel:120">{words('call120')}</a>}{writes && <a class="button primary" href={`#/write/${encodeURIComponent(c.id)}`}>{words('toWrite')}</a>}{!observed && <a class={`button ${writes ? '' : 'primary'}`} href={`#/${place}/${encodeURIComponent(c.id)}`}>{words('toCase')}</a>}<a class="button" href="#/">{words('toHome')}</a></div></div>;
}
