// SPDX-License-Identifier: Apache-2.0
// Inside a call: pictures, words about quality, panels, what the others ask, the buttons. Refuses to know how one gets in
// and out: it is given both.
import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { MaterialList } from '../viewers/view';
import { go } from '../app/router';
import { keep, locked } from '../app/session';
import { Button, Toasts, toast } from '../ui/ui';
import type { Consultation } from '../wire/protocol';
import { server } from '../wire/server';
import { Asked } from './asked';
import { Chat, ChatPanel } from './chat';
import { Controls, type Panel } from './controls';
import { QualityWords } from './heard';
import { MaterialFloat } from './material';
import type { Floor } from './floor';
import { People, type Given } from './people';
import { SoundBlocked, Sounds } from './pictures';
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
    const up = floor.hands.includes(seat.account);
    const kept = `call/${c.id}/floor`;
    const give = async (given: Given): Promise<void> => {
        await asked.say('floor', { ...given });
        await keep.value?.put(kept, asked.floor.value);
    };
    useEffect(() => { if (chair) void keep.value?.get<Floor>(kept).then((known) => { if (known) asked.restore(known); }); }, [asked, chair]);
    // who comes later did not hear who has the floor and whose hand is up
    const here = present.filter((p) => p.here).length;
    useEffect(() => {
        if (chair && (floor.of || floor.order.length)) void asked.say('floor', { of: floor.of, quiet: false, order: floor.order }).catch(() => undefined);
        if (up) void asked.say('hand', { up }).catch(() => undefined);
    }, [here]);
    const hidden = locked.value;
    useEffect(() => { if (hidden && document.pictureInPictureElement) void document.exitPictureInPicture().catch(() => undefined); }, [hidden]);
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
            <Notices consultation={c} seat={seat} asked={asked} chair={chair && panel !== 'people'} give={give} nameOf={nameOf} shoot={() => setShooting(true)} alone={others.length === 0} />
            <Stage tiles={tiles} seat={seat} floor={floor} chips={<Chips seat={seat} part={part} present={present} floor={floor} nameOf={nameOf} />} over={<><Sendings consultation={c.id} /><Toasts /></>} />
            <QualityWords seat={seat} others={others} observer={part === 'observer'} />
        </div>
        {panel && <div class="call-panel">
            <div class="call-panel-top"><h2>{words(panel)}</h2><Button look="quiet" onClick={() => setPanel(null)} label={words('floatClose')}>✕</Button></div>
            {panel === 'chat' && <ChatPanel chat={chat} writes={part !== 'observer'} nameOf={nameOf} />}
            {panel === 'people' && <People consultation={c} present={present} own={seat.account} part={part} floor={floor} seat={seat} give={give} askStill={askStill} />}
            {panel === 'materials' && <MaterialList consultationId={c.id} room={c.id} selected={material ?? undefined} onOpen={(m) => setMaterial(m.id)} />}
        </div>}
        <Sounds remotes={remotes} />
        <Controls seat={seat} part={part} panel={panel} unread={chat.unread.value} hands={floor.hands.filter((h) => h !== seat.account).length} hand={c.kind === 'mdt' || others.length > 1 || part === 'observer' ? up : null} setPanel={setPanel}
            raise={(up) => asked.say('hand', { up })} still={() => setShooting(true)} askStill={others.length === 1 ? () => askStill(others[0]!) : null} check={() => go('device-check', c.id)} leave={leave} end={end} />
        {material && <MaterialFloat key={material} consultationId={c.id} materialId={material} onClose={() => setMaterial(null)} />}
        <StillDialog seat={seat} open={shooting} onClose={() => setShooting(false)} />
    </div>;
}

interface ChipsProps { seat: Seat; part: Part; present: Present[]; floor: Floor; nameOf(id: string): string }

/** What stays true for long, said over the pictures: it takes no room from them. */
function Chips({ seat, part, present, floor, nameOf }: ChipsProps): JSX.Element {
    const observers = present.filter((p) => p.part === 'observer' && p.here && p.id !== seat.account);
    const other = floor.of !== null && floor.of !== seat.account ? floor.of : null;
    return <div role="status">
        {part === 'observer' && <p class="call-chip">{words('observing')}</p>}
        {observers.length > 0 && <p class="call-chip">{words('observers', { names: observers.map((o) => o.name).join(words('listOf')) })}</p>}
        {other !== null && <p class="call-chip">{words('floorIs', { name: nameOf(other) })}</p>}
    </div>;
}

interface NoticesProps { consultation: Consultation; seat: Seat; asked: Asked; alone: boolean; chair: boolean; give(floor: Given): Promise<void>; nameOf(id: string): string; shoot(): void }

/** One line each, the most pressing first. */
function Notices({ consultation: c, seat, asked, alone, chair, give, nameOf, shoot }: NoticesProps): JSX.Element {
    const trouble = Object.entries(seat.trouble.value);
    const { floor, still, mute, quieted } = asked;
    return <div class="call-notices">
        <Connection seat={seat} />
        <SoundBlocked />
        {still.value !== null && <div class="note warn" role="alert">{words('stillAsked', { name: nameOf(still.value) })} <Button look="primary" onClick={() => { still.value = null; shoot(); }}>{words('stillTake')}</Button> <Button onClick={() => void (still.value = null)}>{words('stillNot')}</Button></div>}
        {mute.value && !seat.muted.value && <div class="note warn" role="alert">{words('muteAsked')} <Button look="primary" onClick={() => { seat.mute(true); mute.value = false; }}>{words('muteDo')}</Button> <Button onClick={() => void (mute.value = false)}>{words('stillNot')}</Button></div>}
        {quieted.value !== null && seat.muted.value && <div class="note" role="status">{words('floorQuieted', { name: nameOf(quieted.value) })}</div>}
        {floor.value.of === seat.account && <div class="note" role="status">{words('floorYou')}{seat.muted.value && <> <Button look="primary" onClick={() => seat.mute(false)}>{words('unmute')}</Button></>}</div>}
        {chair && <Hands hands={floor.value.hands.filter((h) => h !== seat.account)} floor={floor.value} give={give} speaks={(id) => speaks(c, id)} nameOf={nameOf} />}
        {trouble.map(([key, problem]) => <div key={key} class="note bad" role="alert">{words(key === 'microphone' || key === 'camera' ? key : key === 'examination' ? 'examCamera' : 'stethoscope')}：{words(`trouble.${problem}`)} {(key === 'microphone' || key === 'camera') && <Button onClick={() => seat.reopen(key)}>{words('stillAgain')}</Button>}</div>)}
        {WaitStates.has(c.state) ? <div class="note" role="status">{words('ringing')}</div> : alone && seat.entered.value && <div class="note" role="status">{words('alone')}</div>}
    </div>;
}

/** An observer may ask for the word, and is answered by the chair in its own words: nobody hears an observer. */
const speaks = (c: Consultation, id: string): boolean => people(c).some((p) => p.id === id && p.part !== 'observer');

interface HandsProps { hands: string[]; floor: Floor; give(floor: Given): Promise<void>; speaks(id: string): boolean; nameOf(id: string): string }

/** For the chair: who asks for the word, the first of them with an answer at hand. */
function Hands({ hands, floor, give, speaks: may, nameOf }: HandsProps): JSX.Element | null {
    const [first] = hands;
    if (first === undefined) return null;
    return <div class="note" role="status">{words('handsOf', { names: hands.map(nameOf).join(words('listOf')) })}
        {may(first) && <> <Button look="primary" onClick={() => give({ of: first, quiet: false, order: floor.order })}>{words('floorIs', { name: nameOf(first) })}</Button></>} <Button onClick={() => give({ of: floor.of, quiet: false, order: floor.order, lower: first })}>{words('handLower')}</Button></div>;
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
