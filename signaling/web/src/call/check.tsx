// SPDX-License-Identifier: Apache-2.0
// Camera, microphone, loudspeaker and network before a call, each with what to do when it does not work. The result goes
// to the consultation, if one is named, so that a centre sees before the call who needs help.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { account } from '../app/session';
import { CALLABLE } from '../case/state';
import { remember, useCase } from '../case/live';
import { Button, toast } from '../ui/ui';
import type { Check } from '../wire/protocol';
import { server } from '../wire/server';
import { allowed, choice, openCamera, openMicrophone, problemOf, type CaptureProblem } from './capture';
import { DeviceChoice } from './devices';
import { Icon } from './icons';
import { meterOf, playTone } from './meter';
import { Picture } from './pictures';
import { partOf } from './states';
import { words } from './text';
import './call.css';

type Result = { ok: boolean; problem?: string } | null; // null: not tested yet
type Name = 'camera' | 'microphone' | 'speaker' | 'network';
interface PartProps { tell(result: Result): void }

/** One track of this machine; opened anew when another device is chosen. */
function useTrack(open: () => Promise<MediaStreamTrack>, chosen: string | undefined, turn: number): { track: MediaStreamTrack | null; problem: CaptureProblem | null } {
    const [state, setState] = useState<{ track: MediaStreamTrack | null; problem: CaptureProblem | null }>({ track: null, problem: null });
    useEffect(() => {
        let live = true;
        let mine: MediaStreamTrack | null = null;
        open().then((track) => {
            mine = track;
            if (live) setState({ track, problem: null });
            else track.stop();
        }, (error) => live && setState({ track: null, problem: problemOf(error) }));
        return () => { live = false; mine?.stop(); };
    }, [chosen, turn]);
    return state;
}

function Trouble({ problem, again }: { problem: CaptureProblem; again(): void }): JSX.Element {
    return <div class="note bad" role="alert">{words(`trouble.${problem}`)} <Button onClick={again}>{words('netAgain')}</Button></div>;
}

function CameraCheck({ tell }: PartProps): JSX.Element {
    const [turn, setTurn] = useState(0);
    const { track, problem } = useTrack(openCamera, choice.value.camera, turn);
    useEffect(() => tell(track ? { ok: true } : problem ? { ok: false, problem: words(`trouble.${problem}`) } : null), [track, problem]);
    return <>
        <DeviceChoice kind="camera" />
        {problem ? <Trouble problem={problem} again={() => setTurn(turn + 1)} /> : <p>{words('cameraSee')}</p>}
        <div class="call-preview">{track && <Picture track={track} label={words('youSmall')} mirror />}</div>
    </>;
}

const HEARD = 0.35; // of the meter: speech at arm's length

function MicrophoneCheck({ tell }: PartProps): JSX.Element {
    const [turn, setTurn] = useState(0);
    const [heard, setHeard] = useState(false);
    const { track, problem } = useTrack(openMicrophone, choice.value.microphone, turn);
    const bar = useRef<HTMLMeterElement>(null);
    useEffect(() => {
        if (!track) return;
        const meter = meterOf(track);
        const timer = setInterval(() => {
            const level = meter.level();
            if (bar.current) bar.current.value = level;
            if (level > HEARD) setHeard(true);
        }, 80);
        return () => { clearInterval(timer); meter.close(); setHeard(false); };
    }, [track]);
    useEffect(() => tell(problem ? { ok: false, problem: words(`trouble.${problem}`) } : !track ? null : heard ? { ok: true } : null), [track, problem, heard]);
    return <>
        <DeviceChoice kind="microphone" />
        {problem ? <Trouble problem={problem} again={() => setTurn(turn + 1)} /> : <p>{words('micSay')}</p>}
        <meter ref={bar} class="call-meter" min={0} max={1} value={0} aria-label={words('micLevel')} />
        {!problem && <p class={heard ? 'note good' : 'note'} role="status">{words(heard ? 'micHeard' : 'micQuiet')}</p>}
    </>;
}

function SpeakerCheck({ tell, result }: PartProps & { result: Result }): JSX.Element {
    const [played, setPlayed] = useState(false);
    const play = async (): Promise<void> => {
        await playTone(choice.value.speaker);
        setPlayed(true);
    };
    return <>
        <DeviceChoice kind="speaker" />
        <div class="buttons"><Button look="primary" onClick={play}>{words('playTone')}</Button></div>
        {played && <><p>{words('toneAsk')}</p><div class="buttons"><Button pressed={result?.ok === true} onClick={() => tell({ ok: true })}>{words('toneHeard')}</Button><Button pressed={result?.ok === false} onClick={() => tell({ ok: false, problem: words('toneNot') })}>{words('toneNot')}</Button></div></>}
        {result?.ok === false && <p class="note warn" role="alert">{words('toneHint')}</p>}
    </>;
}

const PROBES = 5;
const GOOD_MS = 200, FAIR_MS = 600; // round trip: talk stays natural below, a picture may follow below

/** Median round trip of small requests, which take the same way as everything else. */
async function roundTrip(): Promise<number> {
    const times: number[] = [];
    for (let i = 0; i < PROBES; i++) {
        const from = performance.now();
        await server.call('consultation.list', { limit: 1 });
        times.push(performance.now() - from);
    }
    return Math.round(times.sort((a, b) => a - b)[PROBES >> 1]!);
}

function NetworkCheck({ tell }: PartProps): JSX.Element {
    const [ms, setMs] = useState<number | null>(null);
    const [turn, setTurn] = useState(0);
    useEffect(() => {
        let live = true;
        setMs(null);
        tell(null);
        roundTrip().then((found) => {
            if (!live) return;
            setMs(found);
            tell(found < FAIR_MS ? { ok: true } : { ok: false, problem: words('problemNet', { ms: found }) });
        }, () => undefined); // asked again with the button; being offline is said above the page
        return () => void (live = false);
    }, [turn]);
    const look = ms === null ? '' : ms < GOOD_MS ? 'good' : ms < FAIR_MS ? 'warn' : 'bad';
    return <>
        <p class={`note ${look}`} role="status">{ms === null ? words('netTesting') : words(ms < GOOD_MS ? 'netGood' : ms < FAIR_MS ? 'netFair' : 'netPoor', { ms })}</p>
        <div class="buttons"><Button onClick={() => setTurn(turn + 1)}>{words('netAgain')}</Button></div>
    </>;
}

export function DeviceCheck({ rest }: { rest: string[] }): JSX.Element {
    const [id] = rest;
    const [open, setOpen] = useState(false);
    const [results, setResults] = useState<Record<Name, Result>>({ camera: null, microphone: null, speaker: null, network: null });
    useEffect(() => void allowed().then((yes) => yes && setOpen(true)), []);
    const tell = (name: Name) => (result: Result): void => setResults((r) => ({ ...r, [name]: result }));
    const part = (name: Name, icon: 'camera' | 'mic' | 'signal' | 'people', body: JSX.Element): JSX.Element => <section class="card" aria-labelledby={`check-${name}`}>
        <h2 id={`check-${name}`}><Icon name={icon} /> {words(name)} <State result={results[name]} /></h2>{body}</section>;
    return <div class="call-check"><h1>{words('checkTitle')}</h1><p>{words('checkWhy')}</p>
        {!open ? <div class="card"><p>{words('allowWhy')}</p><Button look="primary" onClick={() => setOpen(true)}>{words('allowDevices')}</Button></div> : <div class="grid">
            {part('camera', 'camera', <CameraCheck tell={tell('camera')} />)}
            {part('microphone', 'mic', <MicrophoneCheck tell={tell('microphone')} />)}
            {part('speaker', 'people', <SpeakerCheck tell={tell('speaker')} result={results.speaker} />)}
            {part('network', 'signal', <NetworkCheck tell={tell('network')} />)}
        </div>}
        {id && <Report id={id} results={results} />}
    </div>;
}

function State({ result }: { result: Result }): JSX.Element {
    if (!result) return <span class="tag">{words('result.wait')}</span>;
    return <span class={`tag ${result.ok ? 'good' : 'urgent'}`}>{result.ok ? '✓' : '✕'} {words(result.ok ? 'result.ok' : 'result.bad')}</span>;
}

const READY_STATES: ReadonlySet<string> = new Set(['accepted', 'scheduled', 'ready']);

/** The wire knows no loudspeaker: it goes as `other`. */
function checksOf(results: Record<Name, Result>): Check[] {
    const quiet: Result = { ok: false, problem: words('problemMic') };
    const rows: [Check['name'], Result][] = [['camera', results.camera ?? { ok: false, problem: words('noPicture') }], ['microphone', results.microphone ?? quiet], ['network', results.network]];
    if (results.speaker) rows.push(['other', results.speaker.ok ? results.speaker : { ok: false, problem: `${words('speaker')}: ${results.speaker.problem}` }]);
    return rows.flatMap(([name, r]) => (r ? [{ name, ok: r.ok, ...(r.problem ? { problem: r.problem } : {}) }] : []));
}

function Report({ id, results }: { id: string; results: Record<Name, Result> }): JSX.Element | null {
    const c = useCase(id).value;
    if (!c) return null;
    const part = partOf(c, account.value?.id ?? '');
    const tells = READY_STATES.has(c.state) && part !== 'none' && part !== 'rung' && part !== 'observer';
    const send = async (): Promise<void> => {
        const checks = checksOf(results);
        remember((await server.call('consultation.readiness', { id, checks })).consultation);
        const good = checks.every((check) => check.ok);
        toast(words(good ? 'sentGood' : 'sentBad'), good ? 'good' : 'warn');
    };
    return <div class="buttons">{tells && <Button look="primary" onClick={send}>{words('sendResult')}</Button>}{CALLABLE.has(c.state) && <a class="button" href={`#/call/${encodeURIComponent(id)}`}>{words('toCall')}</a>}</div>;
}
