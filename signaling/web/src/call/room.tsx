// SPDX-License-Identifier: Apache-2.0
// Inside a call: pictures, words about quality, panels, what the others ask, the buttons. Refuses to know how one gets in
// and out: it is given both.
import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { MaterialList } from '../viewers/view';
import { Button, toast } from '../ui/ui';
import type { Consultation } from '../wire/protocol';
import { server } from '../wire/server';
import { Asked } from './asked';
import { Chat, ChatPanel } from './chat';
import { Controls, type Panel } from './controls';
import { QualityWords } from './heard';
import { MaterialFloat } from './material';
import { People } from './people';
import { Sounds } from './pictures';
import type { Seat } from './seat';
import { Stage, tilesOf } from './stage';
import { Sendings, StillDialog } from './still';
import { WaitStates, people, type Part, type Present } from './states';
import { words } from './text';

export interface RoomProps { consultation: Consultation; seat: Seat; part: Part; leave(): Promise<void>; end(): Promise<void> }

export function Room({ consultation: c, seat, part, leave, end }: RoomProps): JSX.Element {
    const chat = useMemo(() => new Chat(c.id, seat.account), [c.id]);
    const asked = useMemo(() => new Asked(c.id, seat.account, server, () => seat.mute(true)), [c.id]);
    useEffect(() => () => { chat.close(); asked.close(); }, [chat, asked]);
    const [panel, setPanel] = useState<Panel>(null);
    const [material, setMaterial] = useState<string | null>(null);
    const [shooting, setShooting] = useState(false);
    const present = people(c);
    const remotes = seat.media.remotes.value;
    const tiles = tilesOf(present, remotes, seat.account);
    const nameOf = (id: string): string => present.find((p) => p.id === id)?.name ?? id;
    const others = present.filter((p) => p.id !== seat.account && p.here && p.part !== 'observer');
    const floor = asked.floor.value;
    const chair = part === 'chair';
    // who comes later did not hear who has the floor
    const here = present.filter((p) => p.here).length;
    useEffect(() => { if (chair && (floor.of || floor.order.length)) void asked.say('floor', { of: floor.of, quiet: false, order: floor.order }).catch(() => undefined); }, [here]);
    const view = asked.view.value;
    useEffect(() => {
        if (!view) return;
        toast(words('together', { name: nameOf(view.by) }));
        setMaterial(view.materialId);
    }, [view]);
    const askStill = async (who: Present): Promise<void> => {
        await asked.say('still', {}, who.id);
        toast(words('stillAskedDone', { name: who.name }), 'good');
    };
    return <div class={`call ${panel ? 'with-panel' : ''}`}>
        <h1 class="sr">{words('callTitle')}</h1>
        <div class="call-left">
            <Notices consultation={c} seat={seat} part={part} present={present} asked={asked} nameOf={nameOf} shoot={() => setShooting(true)} alone={others.length === 0} />
            <Stage tiles={tiles} seat={seat} floor={floor.of} />
            <QualityWords seat={seat} others={others} observer={part === 'observer'} />
        </div>
        {panel && <section class="call-panel" aria-label={words(panel)}>
            <div class="call-panel-top"><h2>{words(panel)}</h2><Button look="quiet" onClick={() => setPanel(null)} label={words('floatClose')}>✕</Button></div>
            {panel === 'chat' && <ChatPanel chat={chat} nameOf={nameOf} />}
            {panel === 'people' && <People consultation={c} present={present} own={seat.account} part={part} floor={floor} give={(f) => asked.say('floor', { ...f })} askStill={askStill} />}
            {panel === 'materials' && <MaterialList consultationId={c.id} room={c.id} selected={material ?? undefined} onOpen={(m) => setMaterial(m.id)} />}
        </section>}
        <Sounds remotes={remotes} />
        <Controls seat={seat} part={part} panel={panel} unread={chat.unread.value} hand={c.kind === 'mdt' || others.length > 1 ? floor.hands.includes(seat.account) : null} setPanel={setPanel}
            raise={(up) => asked.say('hand', { up })} still={() => setShooting(true)} askStill={others.length === 1 ? () => askStill(others[0]!) : null} leave={leave} end={end} />
        {material && <MaterialFloat key={material} consultationId={c.id} materialId={material} onClose={() => setMaterial(null)} />}
        <StillDialog seat={seat} open={shooting} onClose={() => setShooting(false)} />
        <Sendings consultation={c.id} />
    </div>;
}

interface NoticesProps { consultation: Consultation; seat: Seat; part: Part; present: Present[]; asked: Asked; alone: boolean; nameOf(id: string): string; shoot(): void }

/** One line each, the most pressing first. */
function Notices({ consultation: c, seat, part, present, asked, alone, nameOf, shoot }: NoticesProps): JSX.Element {
    const observers = present.filter((p) => p.part === 'observer' && p.here && p.id !== seat.account);
    const trouble = Object.entries(seat.trouble.value);
    const { floor, still, mute, quieted } = asked;
    return <div class="call-notices">
        <Connection seat={seat} />
        {still.value !== null && <div class="note warn" role="alert">{words('stillAsked', { name: nameOf(still.value) })} <Button look="primary" onClick={() => { still.value = null; shoot(); }}>{words('stillTake')}</Button> <Button onClick={() => void (still.value = null)}>{words('stillNot')}</Button></div>}
        {mute.value && !seat.muted.value && <div class="note warn" role="alert">{words('muteAsked')} <Button look="primary" onClick={() => { seat.mute(true); mute.value = false; }}>{words('muteDo')}</Button> <Button onClick={() => void (mute.value = false)}>{words('stillNot')}</Button></div>}
        {quieted.value !== null && seat.muted.value && <div class="note" role="status">{words('floorQuieted', { name: nameOf(quieted.value) })}</div>}
        {floor.value.of !== null && quieted.value === null && <div class="note" role="status">{floor.value.of === seat.account ? <>{words('floorYou')}{seat.muted.value && <> <Button look="primary" onClick={() => seat.mute(false)}>{words('unmute')}</Button></>}</> : words('floorIs', { name: nameOf(floor.value.of) })}</div>}
        {trouble.map(([key, problem]) => <div key={key} class="note bad" role="alert">{words(key === 'microphone' || key === 'camera' ? key : key === 'examination' ? 'examCamera' : 'stethoscope')}：{words(`trouble.${problem}`)} {(key === 'microphone' || key === 'camera') && <Button onClick={() => seat.reopen(key)}>{words('stillAgain')}</Button>}</div>)}
        {part === 'observer' && <div class="note" role="status">{words('observing')}</div>}
        {observers.length > 0 && <div class="note" role="status">{words('observers', { names: observers.map((o) => o.name).join('、') })}</div>}
        {WaitStates.has(c.state) ? <div class="note" role="status">{words('ringing')}</div> : alone && seat.entered.value && <div class="note" role="status">{words('alone')}</div>}
    </div>;
}

/** Media that falter, and their return; nothing is to be done by the person. */
function Connection({ seat }: { seat: Seat }): JSX.Element | null {
    const mode = seat.media.mode.value;
    const [was, setWas] = useState(false); // it was up before
    useEffect(() => {
        if (mode !== 'up') return;
        if (was) toast(words('mode.back'), 'good');
        setWas(true);
    }, [mode]);
    const offline = server.state.value === 'offline';
    if (mode === 'up' || mode === 'over') return offline ? <div class="note warn" role="status">{words('mode.offline')}</div> : null;
    if (offline) return <div class="note warn" role="status">{words('mode.offline')}</div>;
    if (seat.media.problem.value !== null && seat.entered.value) return <div class="note warn" role="status">{words('roomRefused')}</div>;
    return <div class={`note ${was ? 'warn' : ''}`} role="status">{words(mode === 'joining' && was ? 'mode.restarting' : `mode.${mode}`)}</div>;
}
